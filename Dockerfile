# docker build -t mien .
# docker run -p 8000:8000 -v mien-data:/data -v mien-keys:/keys mien
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src src
RUN python -m venv /opt/mien \
 && /opt/mien/bin/pip install --no-cache-dir --constraint constraints.txt '.[server,postgres]'
# The models go into the image: the service then needs no network.
ENV MIEN_MODELS=/opt/mien/store
RUN /opt/mien/bin/mien models pull

FROM python:3.13-slim
COPY --from=build /opt/mien /opt/mien
RUN useradd --system --uid 10001 mien \
 && install -d -o mien -g mien -m 700 /data /keys
USER mien
# The keys lie on a volume of their own: a copy of the data alone opens no template.
VOLUME ["/data", "/keys"]
ENV PATH=/opt/mien/bin:$PATH MIEN_MODELS=/opt/mien/store MIEN_OFFLINE=1 MIEN_DATA=/data MIEN_KEYS=/keys \
    MIEN_HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["mien"]
CMD ["serve"]
