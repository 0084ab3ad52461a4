// Draws every chart from the JSON beside it, and again when the window or its colors change; says
// where a table goes on beyond the edge; reads the cells of maps; opens what is folded for paper.
(() => {
  const root = document.documentElement;
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  // The colors of lines on dark pages, by those on light ones.
  const onDark = {
    "#0f766e": "#2dd4bf", "#2563eb": "#60a5fa", "#b45309": "#fbbf24",
    "#7c3aed": "#a78bfa", "#be123c": "#fb7185", "#475569": "#94a3b8",
  };
  // The names in the data are set as text, never as markup.
  const tip = (points) => {
    const box = document.createElement("div");
    const line = (text, color) => {
      const row = box.appendChild(document.createElement("div"));
      if (color) {
        const dot = row.appendChild(document.createElement("span"));
        dot.className = "dot";
        dot.style.background = color;
      }
      row.append(text);
    };
    const shown = points.filter((point) => point.data && point.data.note);
    if (shown.length === 0) return "";
    line(shown[0].data.at || shown[0].name);
    for (const { data, color, seriesType, seriesName } of shown) {
      if (seriesType === "bar") line(data.note, color);
      else if (data.value[1] !== null) line(seriesName + ": " + data.note, color);
    }
    return box;
  };
  const compact = (number) => {
    for (const [size, sign] of [[1e9, "B"], [1e6, "M"], [1e4, "k"]]) {
      const unit = sign === "k" ? 1e3 : size;
      if (Math.abs(number) >= size) return Number((number / unit).toFixed(2)) + sign;
    }
    return String(number);
  };
  const paint = (option, dark) => {
    const style = getComputedStyle(root);
    const color = (name, light) => dark ? style.getPropertyValue(name).trim() : light;
    const ink = color("--ink", "#0f172a");
    const soft = color("--soft", "#475569");
    const edge = color("--line", "#e2e8f0");
    option.textStyle.color = soft;
    Object.assign(option.tooltip, {
      formatter: tip, backgroundColor: color("--card", "#fff"), borderColor: edge, textStyle: { color: ink },
    });
    if (option.legend) {
      option.legend.textStyle.color = soft;
      Object.assign(option.legend, { pageTextStyle: { color: soft }, pageIconColor: soft, pageIconInactiveColor: edge });
    }
    for (const axis of [option.xAxis, option.yAxis]) {
      axis.axisLabel = Object.assign({ color: soft }, axis.axisLabel);
      axis.axisLine = { lineStyle: { color: soft } };
      axis.splitLine = Object.assign({ lineStyle: { color: edge } }, axis.splitLine);
    }
    for (const series of option.series) {
      if (series.type === "bar") {
        series.label.color = series.markLine.label.color = series.markLine.lineStyle.color = ink;
      } else {
        option.yAxis.axisLabel.formatter = compact;
        if (dark && !series.symbol) series.symbol = "circle";
      }
    }
    return option;
  };
  const elements = [...document.querySelectorAll("[data-chart]")];
  let charts = [];
  const draw = (dark) => {
    charts.forEach((chart) => chart.dispose());
    charts = elements.map((element) => {
      let json = document.getElementById("chart-" + element.dataset.chart).textContent;
      if (dark) for (const [light, bright] of Object.entries(onDark)) json = json.replaceAll('"' + light + '"', '"' + bright + '"');
      const chart = echarts.init(element, null, { renderer: "svg" });
      chart.setOption(paint(JSON.parse(json), dark));
      return chart;
    });
  };
  draw(isDark.matches);
  isDark.addEventListener("change", () => draw(isDark.matches));

  const scrolls = [...document.querySelectorAll(".scroll")];
  const edge = (scroll) => scroll.parentElement.classList.toggle(
    "more", scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 1);
  const fit = () => {
    charts.forEach((chart) => chart.resize());
    scrolls.forEach(edge);
  };
  scrolls.forEach((scroll) => scroll.addEventListener("scroll", () => edge(scroll), { passive: true }));

  // The cells of a map are one stop of the tab key; arrow keys move between them.
  for (const map of document.querySelectorAll(".heat")) {
    const reader = map.closest(".edge").nextElementSibling;
    const heads = map.tHead.rows[0].cells;
    const read = (cell) => {
      const row = cell.parentElement.cells[0].textContent;
      reader.textContent = row + ", period " + heads[cell.cellIndex].textContent + ": " + cell.title;
    };
    const cells = [...map.querySelectorAll("td[title]")];
    cells.forEach((cell, at) => { cell.tabIndex = at === 0 ? 0 : -1; });
    const cellOf = (event) => event.target.closest("td[title]");
    map.addEventListener("mouseover", (event) => { if (cellOf(event)) read(cellOf(event)); });
    map.addEventListener("focusin", (event) => { if (cellOf(event)) read(cellOf(event)); });
    map.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      const cell = cellOf(event);
      if (!move || !cell) return;
      const row = map.tBodies[0].rows[cell.parentElement.sectionRowIndex + move[0]];
      const next = row && row.cells[cell.cellIndex + move[1]];
      if (!next || !next.title) return;
      event.preventDefault();
      cell.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }

  const folds = [...document.querySelectorAll("details:not(.how)")];
  folds.forEach((fold) => fold.addEventListener("toggle", fit));
  fit();
  addEventListener("resize", fit);
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = folds.filter((fold) => !fold.open);
    folded.forEach((fold) => { fold.open = true; });
    if (isDark.matches) draw(false);
    fit();
  });
  addEventListener("afterprint", () => {
    folded.forEach((fold) => { fold.open = false; });
    if (isDark.matches) draw(true);
  });
})();
