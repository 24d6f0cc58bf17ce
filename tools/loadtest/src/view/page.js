// Runs in the reader's browser, inlined into the report beside uPlot and the data.
const report = JSON.parse(document.getElementById("report").textContent)
const { timeline, phases, servers } = report
const style = getComputedStyle(document.body)
const isDark = matchMedia("(prefers-color-scheme: dark)").matches
const ink = isDark ? "#9aa4b2" : "#667080"
const grid = { stroke: isDark ? "#2c3138" : "#e8eaed", width: 1 }
const band = isDark ? "rgba(255,255,255,0.045)" : "rgba(0,0,0,0.04)"
const colours = ["#3b82f6", "#f59e0b", "#ef4444", "#10b981", "#a855f7", "#14b8a6", "#ec4899", "#84cc16"]
const times = timeline.map((sample) => sample.atSeconds)

const eachPhase = (plot, draw) => {
  const { ctx, bbox } = plot
  ctx.save()
  phases.forEach((phase, i) => {
    const from = Math.max(bbox.left, plot.valToPos(phase.startSeconds, "x", true))
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(phase.startSeconds + phase.seconds, "x", true))
    if (to > from) draw(ctx, phase.name, from, to, i)
  })
  ctx.restore()
}

/** Every other phase is shaded, below the grid. */
const shadePhases = (plot) =>
  eachPhase(plot, (ctx, _, from, to, i) => {
    ctx.fillStyle = band
    if (i % 2 === 1) ctx.fillRect(from, plot.bbox.top, to - from, plot.bbox.height)
  })

/** Named at the top, over the grid, where there is room. */
const namePhases = (plot) =>
  eachPhase(plot, (ctx, name, from, to) => {
    ctx.font = `${11 * devicePixelRatio}px ${style.fontFamily}`
    ctx.fillStyle = ink
    // The axes were drawn before and left their own.
    ctx.textAlign = "left"
    ctx.textBaseline = "alphabetic"
    if (to - from > ctx.measureText(name).width + 8) ctx.fillText(name, from + 4, plot.bbox.top + 12 * devicePixelRatio)
  })

const axis = (more) => ({ stroke: ink, grid, ticks: grid, ...more })
const short = (value) =>
  value >= 1e6
    ? `${+(value / 1e6).toFixed(1)}M`
    : value >= 1e3
      ? `${+(value / 1e3).toFixed(1)}k`
      : String(+value.toFixed(3))
const widthOf = (element) => Math.min(1130, element.clientWidth)

const plotOverTime = (id, unit, series, scale = {}) => {
  const element = document.getElementById(id)
  if (element === null || times.length === 0) return
  const plot = new uPlot(
    {
      width: widthOf(element),
      height: 230,
      scales: {
        // From the start of the run: the first sample is a second or a whole short phase later.
        x: { time: false, range: (_, low, high) => [Math.min(phases[0]?.startSeconds ?? low, low), high] },
        y: { range: (_, low, high) => [scale.distr === 3 ? low : 0, high * 1.08 || 1], ...scale }
      },
      axes: [
        axis({ values: (_, ticks) => ticks.map((tick) => `${tick} s`) }),
        axis({ size: 64, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick) + unit)) })
      ],
      hooks: { drawClear: [shadePhases], draw: [namePhases] },
      series: [
        { label: "time", value: (_, value) => (value === null ? "" : `${value.toFixed(1)} s`) },
        ...series.map(({ label, dash }, i) => ({
          label,
          stroke: colours[i % colours.length],
          width: 1.5,
          dash,
          points: { show: isSparse(series[i].of), size: 4 },
          value: (_, value) => (value === null || value === undefined ? "–" : short(value) + unit)
        }))
      ]
    },
    [times, ...series.map(({ of }) => timeline.map(of))],
    element
  )
  addEventListener("resize", () => plot.setSize({ width: widthOf(element), height: 230 }))
}

/** Whether a line would leave values out: those that have no neighbour. */
const isSparse = (of) => {
  const values = timeline.map(of)
  const isThere = (i) => values[i] !== null && values[i] !== undefined
  return values.some((_, i) => isThere(i) && !isThere(i - 1) && !isThere(i + 1))
}

/** A logarithm has no zero. */
const positive = (value) => (value === null || value <= 0 ? null : value)

plotOverTime("throughput", "/s", [
  { label: "responses", of: (sample) => sample.responses / sample.seconds },
  { label: "requests", dash: [4, 4], of: (sample) => sample.requests / sample.seconds },
  { label: "errors", of: (sample) => sample.errors / sample.seconds },
  { label: "retransmissions", of: (sample) => sample.retransmissions / sample.seconds }
])
plotOverTime(
  "latency",
  " ms",
  [
    { label: "p50", of: (sample) => positive(sample.latency.p50) },
    { label: "p99", of: (sample) => positive(sample.latency.p99) },
    { label: "max", of: (sample) => positive(sample.latency.max) }
  ],
  { distr: 3, range: undefined }
)
plotOverTime("handshakes", "/s", [{ label: "handshakes", of: (sample) => sample.handshakes / sample.seconds }])
plotOverTime(
  "handshake-latency",
  " ms",
  [
    { label: "p50", of: (sample) => positive(sample.handshakeLatency.p50) },
    { label: "p99", of: (sample) => positive(sample.handshakeLatency.p99) },
    { label: "max", of: (sample) => positive(sample.handshakeLatency.max) }
  ],
  { distr: 3, range: undefined }
)
plotOverTime("cpu", " %", [
  ...servers.map(({ name }, i) => ({ label: name, of: (sample) => sample.serverCpu[i] * 100 })),
  { label: "loadtest", dash: [4, 4], of: (sample) => sample.toolCpu * 100 }
])
plotOverTime(
  "memory",
  " MB",
  servers.map(({ name }, i) => ({ label: name, of: (sample) => sample.serverRssBytes[i] / 2 ** 20 }))
)

const distribution = document.getElementById("distribution")
if (distribution !== null && report.latencyDistribution.length > 0) {
  const steps = report.latencyDistribution
  const total = steps.reduce((sum, { count }) => sum + count, 0)
  let below = 0
  const shareBelow = steps.map(({ count }) => ((below += count) / total) * 100)
  const plot = new uPlot(
    {
      width: widthOf(distribution),
      height: 230,
      scales: {
        x: { time: false, distr: 3 },
        y: { range: (_, low, high) => [0, high * 1.08] },
        share: { range: [0, 100] }
      },
      axes: [
        axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : `${short(tick)} ms`)) }),
        axis({ size: 64, values: (_, ticks) => ticks.map(short) }),
        axis({ scale: "share", side: 1, grid: { show: false }, values: (_, ticks) => ticks.map((tick) => `${tick} %`) })
      ],
      series: [
        { label: "up to", value: (_, value) => (value === null ? "" : `${value.toFixed(2)} ms`) },
        {
          label: "responses",
          stroke: colours[0],
          fill: `${colours[0]}66`,
          paths: uPlot.paths.stepped({ align: -1 }),
          points: { show: false }
        },
        {
          label: "share so far",
          scale: "share",
          stroke: colours[1],
          width: 1.5,
          points: { show: false },
          value: (_, value) => (value === null ? "" : `${value.toFixed(2)} %`)
        }
      ]
    },
    [steps.map(({ upToMillis }) => upToMillis), steps.map(({ count }) => count), shareBelow],
    distribution
  )
  addEventListener("resize", () => plot.setSize({ width: widthOf(distribution), height: 230 }))
}
