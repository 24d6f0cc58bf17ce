// Runs in the reader's browser, behind plots.js of @roost/tool-report.
const { faults, millis, series } = report
const { binMillis, devices } = series
const byId = (id) => document.getElementById(id)
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
const [red, amber, violet, blue, wine, slate] = ["#d6363f", "#c77d0a", "#8a4fd0", "#2a7de1", "#8a1538", "#6b7688"]
const hues = {
  sigkill: red,
  pause: amber,
  cut: violet,
  drain: blue,
  rolling: blue,
  "nats-kill": red,
  "nats-pause": amber,
  "nats-restart": blue,
  "nats-gone": wine
}
const hueOf = ({ kind }) => hues[kind] ?? slate
const endOf = ({ endedAt }) => endedAt ?? millis
/** Room for names at the left of every picture, so that all have one axis of time. */
const left = 132
const right = 8

/** Draws with CSS pixels and times into the canvas `id`. */
const picture = (id, height, paint) => {
  const element = byId(id)
  const draw = () => {
    const width = element.clientWidth
    const scale = devicePixelRatio || 1
    element.width = width * scale
    element.height = height * scale
    element.style.height = `${height}px`
    const context = element.getContext("2d")
    context.scale(scale, scale)
    context.font = "11px system-ui, sans-serif"
    context.textBaseline = "middle"
    paint(context, width, (ms) => left + (ms / millis) * (width - left - right))
  }
  plots.whenItLooksOtherwise(draw)
  draw()
  element.addEventListener("mousemove", ({ offsetX, offsetY }) => {
    const at = ((offsetX - left) / (element.clientWidth - left - right)) * millis
    if (at >= 0 && at <= millis) tell(at, id === "waits" ? offsetY : -1)
  })
}

const timeAxis = (context, height, x) => {
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((s) => millis / 1000 / s <= 14) ?? 600
  context.fillStyle = plots.colour("--dim")
  context.strokeStyle = plots.colour("--line")
  for (let s = 0; s * 1000 <= millis; s += step) {
    context.beginPath()
    context.moveTo(x(s * 1000), 0)
    context.lineTo(x(s * 1000), height - 14)
    context.stroke()
    context.fillText(`${s} s`, x(s * 1000) - 4, height - 6)
  }
}

const targets = [...new Set(faults.map(({ target }) => target))].sort()
picture("faults", Math.max(1, targets.length) * 20 + 18, (context, width, x) => {
  timeAxis(context, targets.length * 20 + 18, x)
  targets.forEach((target, i) => {
    context.fillStyle = plots.colour("--dim")
    context.fillText(target, 0, i * 20 + 10)
    const own = faults.filter((fault) => fault.target === target)
    for (const fault of own) {
      context.fillStyle = hueOf(fault)
      const from = x(fault.at)
      const wide = Math.max(3, x(endOf(fault)) - from)
      context.beginPath()
      context.roundRect(from, i * 20 + 3, wide, 14, 3)
      context.fill()
      context.fillStyle = plots.colour("--ink")
      const next = own.find(({ at }) => at > fault.at)
      const room = (next === undefined ? width : x(next.at)) - from - wide - 8
      if (context.measureText(fault.kind).width <= room) context.fillText(fault.kind, from + wide + 4, i * 20 + 10)
    }
  })
})

const perSecond = (counts) => counts.map((count) => (count * 1000) / binMillis)
const answered = perSecond(series.answered)
plots.overTime("rate", {
  times: answered.map((_, i) => Math.min(millis, (i + 0.5) * binMillis) / 1000),
  until: millis / 1000,
  unit: "/s",
  spans: faults.map((fault) => ({ from: fault.at / 1000, to: endOf(fault) / 1000, colour: `${hueOf(fault)}1a` })),
  series: [
    { label: "answers", values: answered, stroke: "#2f8f6b", fill: "#2f8f6b55" },
    { label: "retransmissions", values: perSecond(series.retransmitted), stroke: "#a8742a" },
    { label: "refused or given up", values: perSecond(series.refused), stroke: red }
  ],
  axisSize: left,
  padding: [null, right, null, 0]
})

/** `0.5–1 s` has grade 1, each further doubling one more. */
const grades = ["", "#f3d27a", "#efb04f", "#e98a3b", "#df6436", "#cc3f38", "#a92140", "#781046", "#43063b"]
const gradeNames = ["", "0.5–1 s", "to 2 s", "to 4 s", "to 8 s", "to 16 s", "to 32 s", "to 64 s", "longer"]
byId("key").innerHTML = grades
  .map((colour, i) => (i === 0 ? "" : `<span style="background:${colour}"></span>${gradeNames[i]}`))
  .join("")

const roles = ["steady", "plain", "mover", "sleeper"]
const rows = devices
  .map((device, i) => ({ ...device, i }))
  .sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role) || a.i - b.i)
const tall = Math.max(1, Math.min(8, 900 / rows.length))
picture("waits", rows.length * tall + 18, (context, width, x) => {
  const height = rows.length * tall
  context.globalAlpha = 0.1
  for (const fault of faults) {
    context.fillStyle = hueOf(fault)
    context.fillRect(x(fault.at), 0, Math.max(1.5, x(endOf(fault)) - x(fault.at)), height)
  }
  context.globalAlpha = 1
  timeAxis(context, height + 18, x)
  const wide = Math.max(1, x(binMillis) - left + 0.4)
  rows.forEach(({ role, waits }, row) => {
    if (row === 0 || rows[row - 1].role !== role) {
      context.fillStyle = plots.colour("--dim")
      context.fillText(role, 0, row * tall + 8)
      context.fillStyle = plots.colour("--line")
      context.fillRect(0, row * tall, width, 1)
    }
    for (let bin = 0; bin < waits.length; bin++) {
      if (waits[bin] === "0") continue
      context.fillStyle = grades[waits[bin]]
      context.fillRect(x(bin * binMillis), row * tall, wide, Math.max(1, tall - 0.5))
    }
  })
})

/** Tells the state of the run at `at` milliseconds, and of the device at height `y` of the picture of waits. */
const tell = (at, y) => {
  const bin = Math.floor(at / binMillis)
  const row = y < 0 ? undefined : rows[Math.floor(y / tall)]
  const waiting = devices.filter(({ waits }) => waits[bin] > "0").length
  byId("over").textContent = [
    seconds(at),
    `${Math.round(answered[bin] ?? 0)} answers/s`,
    `${waiting} devices wait`,
    `${series.retransmitted[bin] ?? 0} retransmissions`,
    ...faults.filter((fault) => fault.at <= at && endOf(fault) >= at).map(({ kind, target }) => `${kind} ${target}`),
    ...(row === undefined
      ? []
      : [`${row.deviceKey} (${row.role})${row.waits[bin] > "0" ? `: waits ${gradeNames[row.waits[bin]]}` : ""}`])
  ].join(" · ")
}
