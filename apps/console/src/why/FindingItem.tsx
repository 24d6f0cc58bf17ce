import { Anchor, Text } from "@mantine/core"
import { Ago } from "../display/Ago.tsx"
import { useText } from "../language/Language.tsx"
import classes from "./DeviceWhy.module.css"
import type { Finding } from "./whyQueries.ts"

/** One cause: what was refused, what it comes of, what ends it. */
export const FindingItem = ({ finding }: { readonly finding: Finding }) => {
  const t = useText().why
  const { address, at, cause, code, cure, link, over, reason, sentence, times } = finding
  return (
    <li className={classes.finding} data-over={over} data-code={code}>
      <div className={classes.head}>
        <Anchor href={link} className="mono" size="sm">
          {code}
        </Anchor>
        <span className="quiet">
          <Ago at={at} />
        </span>
        {times > 1 && <span className="quiet">{t.times(times)}</span>}
        {address !== undefined && address !== "" && <span className="mono quiet">{address}</span>}
        {over && <span className="quiet">{t.over}</span>}
      </div>
      <Text fw={550} mt={2}>
        {sentence}
      </Text>
      <dl className={classes.parts}>
        {reason !== undefined && (
          <>
            <dt className="quiet">{t.came}</dt>
            <dd>{reason}</dd>
          </>
        )}
        <dt className="quiet">{t.cause}</dt>
        <dd>{cause}</dd>
        <dt className="quiet">{t.cure}</dt>
        <dd>{cure}</dd>
      </dl>
    </li>
  )
}
