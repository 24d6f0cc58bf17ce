import { Tooltip } from "@mantine/core"
import { useNow } from "../display/Ago.tsx"
import { fullTime, rowTime, spanText } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import classes from "./CommandBar.module.css"
import { commandSpans, commandTimes } from "./commandTimes.ts"
import type { IssuedCommand } from "./deviceQueries.ts"

/** A command's life as a bar: how long it waited for each step. The times themselves stand below. */
export const CommandBar = ({ command }: { readonly command: IssuedCommand }) => {
  const t = useText().commands
  const locale = useLocale()
  const spans = commandSpans(command, useNow())
  return (
    <div>
      <div className={classes.bar} data-state={command.state} aria-hidden>
        {spans.map(({ from, millis, share, to }) => (
          <Tooltip
            key={from}
            label={`${t.steps[from]} → ${to === "now" ? t.now : t.steps[to]}: ${spanText(millis, locale)}`}
          >
            <div className={classes.span} data-from={from} data-open={to === "now"} style={{ flexGrow: share }}>
              {share > 0.12 && spanText(millis, locale)}
            </div>
          </Tooltip>
        ))}
      </div>
      <ol className={classes.steps}>
        {commandTimes(command).map(({ at, step }, index, all) => (
          <li key={step} data-step={step} data-reached={at !== undefined}>
            <span>{t.steps[step]}</span>
            {at === undefined ? (
              <span className="quiet">–</span>
            ) : (
              <time dateTime={new Date(at).toISOString()} title={fullTime(at, locale)}>
                {index === 0 ? rowTime(at, locale) : `+${spanText(at - all[0]!.at!, locale)}`}
              </time>
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}
