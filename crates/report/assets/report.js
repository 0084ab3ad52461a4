// Draws every chart from the JSON beside it, and again when the window changes; says where a table
// goes on beyond the edge; opens what is folded for paper.
(() => {
  // What the data call things is set as text, never as markup.
  const tip = (points) => {
    const box = document.createElement("div");
    const line = (text, colour) => {
      const row = box.appendChild(document.createElement("div"));
      if (colour) {
        const dot = row.appendChild(document.createElement("span"));
        dot.className = "dot";
        dot.style.background = colour;
      }
      row.append(text);
    };
    const [first] = points;
    line(Array.isArray(first.value) ? "day " + first.value[0] : first.name);
    for (const { data, color, seriesType, seriesName } of points) {
      if (seriesType === "bar") line(data.note, color);
      else if (data.value[1] !== null) line(seriesName + ": " + data.note, color);
    }
    return box;
  };
  const charts = [...document.querySelectorAll("[data-chart]")].map((element) => {
    const source = document.getElementById("chart-" + element.dataset.chart);
    const chart = echarts.init(element, null, { renderer: "svg" });
    const option = JSON.parse(source.textContent);
    option.tooltip.formatter = tip;
    chart.setOption(option);
    return chart;
  });
  const scrolls = [...document.querySelectorAll(".scroll")];
  const edge = (scroll) => scroll.parentElement.classList.toggle(
    "more", scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 1);
  const fit = () => {
    charts.forEach((chart) => chart.resize());
    scrolls.forEach(edge);
  };
  scrolls.forEach((scroll) => scroll.addEventListener("scroll", () => edge(scroll), { passive: true }));
  const folds = [...document.querySelectorAll("details")];
  folds.forEach((fold) => fold.addEventListener("toggle", fit));
  fit();
  addEventListener("resize", fit);
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = folds.filter((fold) => !fold.open);
    folded.forEach((fold) => { fold.open = true; });
    fit();
  });
  addEventListener("afterprint", () => folded.forEach((fold) => { fold.open = false; }));
})();
