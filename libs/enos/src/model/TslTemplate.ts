import type { ThingModel } from "./ThingModel.ts"

/** The four maps that `thing/tsltemplate/get` answers (enos-protocol §3.1.13); each element repeats its identifier. */
export interface TslTemplate {
  readonly tslAttributeMap: Elements
  readonly tslMeasurepointMap: Elements
  readonly tslEventMap: Elements
  readonly tslServiceMap: Elements
}

type Elements = Readonly<Record<string, object>>

export const tslTemplate = ({ attributes, events, measurepoints, services }: ThingModel): TslTemplate => ({
  tslAttributeMap: identified(attributes),
  tslMeasurepointMap: identified(measurepoints),
  tslEventMap: identified(events),
  tslServiceMap: identified(services)
})

const identified = (elements: Elements): Elements =>
  Object.fromEntries(Object.entries(elements).map(([identifier, element]) => [identifier, { identifier, ...element }]))
