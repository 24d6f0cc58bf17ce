import classes from "./EventKindMark.module.css"

/** How an event is to be taken: it is good, it is a fault of somebody's, or it only tells. */
export const eventTone = (kind: string): "good" | "bad" | "odd" | "plain" => {
  if (kind === "online" || kind === "command-replied" || kind === "credential-enabled" || kind === "webhook-recovered")
    return "good"
  if (/refused|fault|failed|unavailable|throws|dead|failing/.test(kind)) return "bad"
  return /unfinished|ignored|outdated|odd|short|repeated|left-out|large|not-told|disabled|deleted/.test(kind)
    ? "odd"
    : "plain"
}

export const EventKindMark = ({ kind }: { readonly kind: string }) => (
  <span className={classes.mark} data-tone={eventTone(kind)}>
    <span className={classes.dot} aria-hidden />
    {kind}
  </span>
)
