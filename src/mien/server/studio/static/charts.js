// Charts, drawn by Plotly, which is loaded when the first one is wanted. Each has its numbers as a
// table beside it, for those who cannot see it.
import { $, h } from "./dom.js";

let loading = null;

// Plotly writes its styles into <style> elements, which the pages' policy forbids. It takes those
// of these ids that are there before: a sheet of ours for its rules (made empty, filled through the
// CSSOM), and in place of the style of maps, which are not used, nothing.
const RULES = "plotly.js-style-global";
const MAPS = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";

function loaded(element) {
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new Error("The chart library could not be loaded. Load the page again."));
    };
    document.head.append(element);
  });
}

async function load() {
  const at = (name) => new URL(name, import.meta.url).href;
  if (!document.getElementById(MAPS)) document.head.append(h("template", { id: MAPS }));
  await loaded(h("link", { id: RULES, rel: "stylesheet", href: at("plotly.css") }));
  await loaded(h("script", { src: at("plotly.min.js") }));
  return window.Plotly;
}

/** Plotly, loaded once. */
function plotly() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** The value of a token of the style sheet, such as token("--emotion-anger"). */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** "--emotion-anger" or "#d9483b" as a colour of now. */
function colour(name) {
  return name.startsWith("--") ? token(name) : name;
}

const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset" };

function layout(more) {
  const axis = {
    gridcolor: token("--line"),
    zerolinecolor: token("--line"),
    linecolor: token("--line"),
    automargin: true,
    fixedrange: true,
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "inherit", size: 13, color: token("--ink") },
    margin: { l: 8, r: 16, t: 8, b: 32 },
    hoverlabel: {
      bgcolor: token("--surface"),
      bordercolor: token("--line-strong"),
      font: { color: token("--ink") },
    },
    showlegend: false,
    ...more,
    xaxis: { ...axis, ...more.xaxis },
    yaxis: { ...axis, ...more.yaxis },
  };
}

const percent = (value) => (Number.isFinite(value) ? `${Math.round(100 * value)} %` : "–");

/** A table that is wider than its place can be scrolled with keys. */
const SCROLLS = { class: "scroll", role: "region", tabindex: "0", "aria-label": "Table" };

/** The places of a chart in an element: made once, used again. The height is that of the style, not
 * of the layout: Plotly forgets the latter when the window changes. */
function placesOf(element, title, height) {
  if (!$(".plot", element)) {
    element.classList.add("chart");
    element.replaceChildren(
      h("div", { class: "plot", role: "img" }),
      h("details", {}, h("summary", {}, "As a table"), h("div", SCROLLS)),
    );
  }
  $(".plot", element).setAttribute("aria-label", `${title}. The table below has the numbers.`);
  $(".plot", element).style.height = `${height}px`;
  return [$(".plot", element), $(".scroll", element)];
}

function table(head, rows) {
  const cell = (text, index, tag) => h(tag, index ? { class: "number" } : {}, text);
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, head.map((text, index) => cell(text, index, "th")))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((text, i) => cell(text, i, "td"))))),
  );
}

const drawn = new Map();
document.addEventListener("themechange", () => {
  for (const [element, draw] of drawn) element.isConnected ? draw() : drawn.delete(element);
});

async function show(element, draw) {
  drawn.set(element, draw);
  await draw();
}

/**
 * Bars that lie, one for each label, in the order given.
 * @param {Element} element where to.
 * @param {{title: string, labels: string[], values: number[], colours: string[],
 *   format?: function(number): string}} data values from 0 to 1; colours are tokens or colours.
 */
export async function bars(element, { title, labels, values, colours, format = percent }) {
  const [plot, scroll] = placesOf(element, title, 28 * labels.length + 24);
  scroll.replaceChildren(table(["", "Share"], labels.map((label, i) => [label, format(values[i])])));
  await show(element, async () => {
    const library = await plotly();
    const trace = {
      type: "bar",
      orientation: "h",
      y: labels,
      x: values,
      text: values.map(format),
      textposition: "outside",
      cliponaxis: false,
      marker: { color: colours.map(colour) },
      hoverinfo: "skip",
    };
    await library.react(
      plot,
      [trace],
      layout({
        bargap: 0.35,
        margin: { l: 8, r: 48, t: 4, b: 4 },
        xaxis: { range: [0, 1], visible: false },
        yaxis: { autorange: "reversed", showgrid: false, ticklen: 6, tickcolor: "rgba(0,0,0,0)" },
      }),
      { ...CONFIG, staticPlot: true },
    );
  });
}

const WHOLE = [-0.015, 1.015]; // lines at 0 and 1 are seen in their full width

/**
 * Lines over time.
 * @param {Element} element where to.
 * @param {{title: string, x: number[], series: Array<{name: string, values: number[],
 *   colour: string}>, range?: [number, number], format?: function(number): string,
 *   xTitle?: string, xRange?: [number, number], height?: number, onClick?: function(number)}} data
 *   x in seconds; NaN and null are gaps; xRange shows all of it and no more, and fixes it; onClick
 *   is told the x that was clicked.
 */
export async function lines(element, data) {
  const { title, x, series, range = WHOLE, format = percent } = data;
  const { xTitle = "seconds", xRange, height = 240, onClick } = data;
  const [plot, scroll] = placesOf(element, title, height);
  const head = [xTitle, ...series.map((each) => each.name)];
  const rows = x.map((at, i) => [String(at), ...series.map((each) => format(each.values[i]))]);
  scroll.replaceChildren(table(head, rows));
  await show(element, async () => {
    const library = await plotly();
    const traces = series.map((each) => ({
      type: "scatter",
      mode: "lines",
      name: each.name,
      x,
      y: each.values,
      line: { color: colour(each.colour), width: 2 },
      hovertemplate: `${each.name} %{y:.0%}<extra></extra>`,
    }));
    const made = layout({
      hovermode: "x unified",
      showlegend: series.length > 1,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
      xaxis: {
        title: { text: xTitle, font: { size: 13 } },
        range: xRange,
        fixedrange: Boolean(xRange),
      },
      yaxis: { range, tickformat: ".0%" },
    });
    await library.react(plot, traces, made, CONFIG);
    plot.removeAllListeners?.("plotly_click");
    if (onClick) plot.on("plotly_click", (event) => onClick(event.points[0].x));
  });
}
