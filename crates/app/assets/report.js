// Draws every chart from the JSON beside it, and again when the window changes.
(() => {
  const charts = [...document.querySelectorAll("[data-chart]")].map((element) => {
    const source = document.getElementById("chart-" + element.dataset.chart);
    const chart = echarts.init(element, null, { renderer: "svg" });
    chart.setOption(JSON.parse(source.textContent));
    return chart;
  });
  addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
  addEventListener("beforeprint", () => charts.forEach((chart) => chart.resize()));
})();
