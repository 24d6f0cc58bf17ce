import { parseWritten } from "./Numeral.ts"
import { isReachable, subscribeReachable } from "./reachability.ts"

export interface FeedEvent {
  readonly kind: string
  readonly data: unknown
}

export interface FeedQuery {
  readonly kinds: ReadonlyArray<string>
  readonly productKey?: string
  readonly deviceKey?: string
}

/** Wait before a stream that was refused is asked for again. Milliseconds. */
const againMillis = 2_000

/**
 * Follows `/v1/events` for as long as somebody listens. A browser comes back to a stream that broke off, and goes on where it was. One that
 * was refused it gives up, so that is tried again here. `onBack` is called when what came meanwhile may have been missed. That is so at the
 * first time, too: the page was read before the stream began.
 */
export const followEvents = (
  { deviceKey, kinds, productKey }: FeedQuery,
  onEvent: (event: FeedEvent) => void,
  onBack: () => void
): (() => void) => {
  const query = new URLSearchParams({ kinds: kinds.join(",") })
  if (productKey !== undefined) query.set("productKey", productKey)
  if (deviceKey !== undefined) query.set("deviceKey", deviceKey)
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const open = () => {
    source = new EventSource(`/v1/events?${query.toString()}`)
    for (const kind of kinds) {
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => onEvent({ kind, data: parseWritten(data) }))
    }
    source.addEventListener("open", onBack)
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return
      clearTimeout(timer)
      timer = setTimeout(open, againMillis)
    })
  }
  open()
  const unsubscribe = subscribeReachable(() => {
    if (!isReachable() || source?.readyState === EventSource.OPEN) return
    source?.close()
    clearTimeout(timer)
    open()
  })
  return () => {
    unsubscribe()
    clearTimeout(timer)
    source?.close()
  }
}
