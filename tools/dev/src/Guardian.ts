import { type ChildProcess, spawn } from "node:child_process"

/**
 * Ends the children of a supervisor that was killed and so could not end them itself. It is a shell that reads which
 * processes live from a pipe of the supervisor; the pipe's end is the supervisor's death. Linux could send a signal at the
 * parent's death (prctl), but neither Node nor nats-server asks for one.
 */
export class Guardian {
  readonly #shell: ChildProcess

  /** `graceMillis`: how long each half, apps and then bus, may take to end by SIGTERM before it is killed. */
  constructor(graceMillis: number) {
    // A group of its own: Ctrl-C reaches the supervisor, whose way to stop is the better one.
    this.#shell = spawn("sh", ["-c", script, "roost-guardian", String(Math.ceil(graceMillis / 100))], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true
    })
    this.#shell.on("error", () => {})
    this.#shell.stdin!.on("error", () => {})
    this.#shell.unref()
  }

  /** `last`: ends after the others have ended, since they drain over it. */
  watch(pid: number, last: boolean): void {
    this.#tell(`${last ? "bus" : "app"} ${pid}`)
  }

  forget(pid: number): void {
    this.#tell(`gone ${pid}`)
  }

  /** Nothing is left to watch. */
  close(): void {
    this.#shell.stdin!.end()
  }

  #tell(line: string): void {
    this.#shell.stdin!.write(`${line}\n`)
  }
}

const script = `
trap '' INT TERM HUP
grace=$1
apps=' ' bus=' '
while read -r word pid; do
  case $word in
    app) apps="$apps$pid " ;;
    bus) bus="$bus$pid " ;;
    gone)
      case $apps in *" $pid "*) apps="\${apps%% $pid *} \${apps#* $pid }" ;; esac
      case $bus in *" $pid "*) bus="\${bus%% $pid *} \${bus#* $pid }" ;; esac ;;
  esac
done
finish() {
  for pid in "$@"; do kill -TERM "$pid" 2>/dev/null; done
  left=$grace
  while [ $left -gt 0 ]; do
    alive=
    for pid in "$@"; do kill -0 "$pid" 2>/dev/null && alive=1; done
    [ -z "$alive" ] && return
    sleep 0.1
    left=$((left - 1))
  done
  for pid in "$@"; do kill -KILL "$pid" 2>/dev/null; done
}
finish $apps
finish $bus
`
