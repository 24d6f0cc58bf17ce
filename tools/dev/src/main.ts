import { findPrograms, thisCheckout } from "./Programs.ts"
import { foundVariable } from "./StartPlan.ts"

// `npm start`: finds what is to run, and becomes it. With `--programs` it only says what it found, for a child that is started again.
//
// It becomes another program, since the supervisor lives as long as Roost does. The sources and Node's reader of types would stay with
// it for 30 MB.

const { root } = thisCheckout
const programs = findPrograms(thisCheckout)
if (process.argv[2] === "--programs") process.stdout.write(JSON.stringify(programs))
else {
  // That `execve` is experimental is no news for whoever starts a Roost.
  process.removeAllListeners("warning")
  process.execve!(process.execPath, [process.execPath, programs.files.start, ...process.argv.slice(2)], {
    ...process.env,
    ...programs.env,
    [foundVariable]: JSON.stringify({ root, programs })
  })
}
