"""The service: HTTP in front of the pipeline and the gallery.

`app.py` puts it together from dialects, each an application of its own that speaks the wire format
of one API. This folder alone imports FastAPI, Starlette, uvicorn and prometheus_client, which come
with `pip install 'mien[server]'`.
"""
