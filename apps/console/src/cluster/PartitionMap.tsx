import type { CSSProperties } from "react"
import type { components } from "../../generated/registry.d.ts"
import { useText } from "../language/Language.tsx"
import classes from "./ClusterPage.module.css"

/** Colours that most people tell apart, for as many nodes as a page can show; more begin again. */
const colours = ["#16807f", "#c77d18", "#5668c4", "#b2477f", "#5c8a2e", "#8a5cc0", "#2f87c4", "#a3593a"] as const

/** Every partition a square in the colour of its owner: whether shares are even, and whether any is nobody's. */
export const PartitionMap = ({
  nodes,
  partitions
}: {
  readonly nodes: ReadonlyArray<components["schemas"]["ClusterNode"]>
  readonly partitions: ReadonlyArray<number | null>
}) => {
  const t = useText().cluster
  const owners = [...new Set(partitions.filter((owner) => owner !== null))].toSorted((a, b) => a - b)
  const colourOf = (owner: number) => colours[owners.indexOf(owner) % colours.length]!
  const shareOf = (owner: number | null) => partitions.filter((each) => each === owner).length
  const unowned = shareOf(null)
  const summary = [
    ...owners.map((owner) => `${nodes[owner]?.node ?? owner}: ${shareOf(owner)}`),
    ...(unowned === 0 ? [] : [`${t.nobody}: ${unowned}`])
  ].join(", ")
  return (
    <>
      <div className={classes.map} role="img" aria-label={`${t.partitions}. ${summary}`}>
        {partitions.map((owner, partition) => (
          <div
            key={partition}
            className={classes.cell}
            data-unowned={owner === null}
            title={`${partition}: ${owner === null ? t.nobody : (nodes[owner]?.node ?? "")}`}
            style={owner === null ? undefined : ({ "--owner": colourOf(owner) } as CSSProperties)}
          />
        ))}
      </div>
      <ul className={classes.owners}>
        {owners.map((owner) => (
          <li key={owner} style={{ "--owner": colourOf(owner) } as CSSProperties}>
            <span className={classes.swatch} aria-hidden />
            <span className="mono">{nodes[owner]?.node}</span>
            <span className="quiet">{t.share(shareOf(owner))}</span>
          </li>
        ))}
        {unowned > 0 && (
          <li>
            <span className={classes.swatch} style={{ border: "1.5px solid var(--roost-bad)" }} aria-hidden />
            {t.nobody} <span className="quiet">{t.share(unowned)}</span>
          </li>
        )}
      </ul>
    </>
  )
}
