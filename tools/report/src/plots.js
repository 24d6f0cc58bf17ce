// Runs in the reader's browser, inlined into a report behind uPlot. `report` is the page's data.
globalThis.report = JSON.parse(document.getElementById("report").textContent)

globalThis.plots = (() => {
  const colours = ["#3b82f6", "#f59e0b", "#ef4444", "#10b981", "#a855f7", "#14b8a6", "#ec4899", "#84cc16"]
  const dark = matchMedia("(prefers-color-scheme: dark)")
  const probe = document.body.appendChild(document.createElement("i"))

  /** A colour of page.css as it is now: a canvas takes no light-dark(). */
  const colour = (name) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }

  const short = (value) =>
    value >= 1e6
      ? `${+(value / 1e6).toFixed(1)}M`
      : value >= 1e3
        ? `${+(value / 1e3).toFixed(1)}k`
        : String(+value.toFixed(3))

  /** Calls `draw` whenever the page has another width or the reader another colour scheme. */
  const whenItLooksOtherwise = (draw) => {
    addEventListener("resize", draw)
    dark.addEventListener("change", draw)
  }

  const axis = (more) => {
    const line = { stroke: () => colour("--line"), width: 1 }
    return { stroke: () => colour("--dim"), grid: line, ticks: line, ...more }
  }

  const eachSpan = (plot, spans, draw) => {
    const { bbox, ctx } = plot
    ctx.save()
    spans.forEach((span, i) => {
      const from = Math.max(bbox.left, plot.valToPos(span.from, "x", true))
      const to = Math.min(bbox.left + bbox.width, plot.valToPos(span.to, "x", true))
      if (to > from) draw(ctx, span, from, to, i)
    })
    ctx.restore()
  }

  /** Below the grid. A span without a colour is shaded if it is every other one. */
  const shade = (spans) => (plot) =>
    eachSpan(plot, spans, (ctx, span, from, to, i) => {
      ctx.fillStyle = span.colour ?? colour("--band")
      if (span.colour !== undefined || i % 2 === 1)
        ctx.fillRect(from, plot.bbox.top, Math.max(1.5, to - from), plot.bbox.height)
    })

  /** Named at the top, over the grid, where there is room. */
  const name = (spans) => (plot) =>
    eachSpan(plot, spans, (ctx, span, from, to) => {
      if (span.name === undefined) return
      ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`
      ctx.fillStyle = colour("--dim")
      // The axes were drawn before and left their own.
      ctx.textAlign = "left"
      ctx.textBaseline = "alphabetic"
      if (to - from > ctx.measureText(span.name).width + 8) {
        ctx.fillText(span.name, from + 4, plot.bbox.top + 12 * devicePixelRatio)
      }
    })

  /** Whether a line would leave values out: those that have no neighbour. */
  const isSparse = (values) => {
    const isThere = (i) => values[i] !== null && values[i] !== undefined
    return values.some((_, i) => isThere(i) && !isThere(i - 1) && !isThere(i + 1))
  }

  /** A uPlot in the element `id` that fills its width; nothing where the page has no such element. */
  const show = (id, options, data) => {
    const element = document.getElementById(id)
    if (element === null || data[0].length === 0) return
    const size = () => ({ width: element.clientWidth, height: options.height ?? 230 })
    const plot = new uPlot({ ...options, ...size() }, data, element)
    whenItLooksOtherwise(() => {
      plot.setSize(size())
      plot.redraw(true)
    })
  }

  /**
   * Lines over the seconds of a run. `series`: label, values, and a colour or dash of its own; `unit` follows each value; `spans`: from,
   * to, and a name or colour; `isLogarithmic` leaves out what is not above 0; `until`: where the axis of time ends; `axisSize`: CSS pixels
   * at the left; the rest as uPlot has it.
   */
  const overTime = (id, { axisSize = 64, isLogarithmic = false, series, spans, times, unit, until, ...more }) => {
    const positive = (value) => (value === null || value <= 0 ? null : value)
    const lines = isLogarithmic ? series.map((one) => ({ ...one, values: one.values.map(positive) })) : series
    const from = Math.min(spans[0]?.from ?? Infinity, times[0] ?? 0)
    show(
      id,
      {
        scales: {
          // From the start of the run: the first sample is a second or a whole short phase later.
          x: { time: false, range: (_, low, high) => [Math.min(from, low), until ?? high] },
          y: isLogarithmic ? { distr: 3 } : { range: (_, low, high) => [0, high * 1.08 || 1] }
        },
        axes: [
          axis({ values: (_, ticks) => ticks.map((tick) => `${tick} s`) }),
          axis({ size: axisSize, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick) + unit)) })
        ],
        hooks: { drawClear: [shade(spans)], draw: [name(spans)] },
        series: [
          { label: "time", value: (_, value) => (value === null ? "" : `${value.toFixed(1)} s`) },
          ...lines.map(({ label, values, ...own }, i) => ({
            label,
            stroke: colours[i % colours.length],
            width: 1.5,
            points: { show: isSparse(values), size: 4 },
            value: (_plot, value) => (value === null || value === undefined ? "–" : short(value) + unit),
            ...own
          }))
        ],
        ...more
      },
      [times, ...lines.map(({ values }) => values)]
    )
  }

  return { axis, colour, colours, overTime, short, show, whenItLooksOtherwise }
})()
