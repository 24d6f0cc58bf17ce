import { Button, Group, Loader, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { CopyLine } from "../display/CopyLine.tsx"
import { Fault } from "../display/Fault.tsx"
import { Facts } from "../display/Facts.tsx"
import { Panel } from "../display/Panel.tsx"
import { RowTime } from "../display/RowTime.tsx"
import { fullTime } from "../display/times.ts"
import { EventKindMark } from "../device/EventKindMark.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { ChangeProduct } from "./ChangeProduct.tsx"
import { DeleteProduct } from "./DeleteProduct.tsx"
import classes from "./ProductOverview.module.css"
import { productEventsQuery, type ShownProduct } from "./productQueries.ts"
import { RotateProductSecret } from "./RotateProductSecret.tsx"

/** The product's settings, its secret, and its events. */
export const ProductOverview = ({ product }: { readonly product: ShownProduct }) => {
  const text = useText()
  const t = text.products
  const locale = useLocale()
  const [dialog, setDialog] = useState<"change" | "rotate" | "delete">()
  const [shown, setShown] = useState(false)
  const { data: events, error } = useQuery(productEventsQuery(product.productKey))
  const close = () => setDialog(undefined)
  return (
    <div className={classes.columns}>
      <Panel
        title={t.facts}
        actions={
          <Button size="xs" variant="default" onClick={() => setDialog("change")}>
            {t.change}
          </Button>
        }
      >
        <Facts
          rows={[
            [t.format, product.dataFormat === "Json" ? "JSON" : t.customLong],
            [t.model, product.modelId ?? t.noModelLong],
            [t.dynamic, product.dynamicActivateEnabled ? t.yes : t.no],
            [t.downlink, t.downlinks[product.downlink]],
            [t.closeNotify, t.closeNotifies[product.closeNotify ?? "lifetime"]],
            [t.created, fullTime(product.createdAt, locale)]
          ]}
        />
      </Panel>
      <Panel
        title={t.secret}
        actions={
          <Button size="xs" variant="default" onClick={() => setDialog("rotate")}>
            {t.rotate}
          </Button>
        }
      >
        <Text size="sm" className="quiet" mb="sm">
          {t.secretBody}
        </Text>
        {product.productSecret === undefined ? (
          <Text size="sm">{t.secretNotShown}</Text>
        ) : shown ? (
          <CopyLine text={product.productSecret} label={t.secret} />
        ) : (
          <Button variant="default" size="xs" onClick={() => setShown(true)}>
            {t.show}
          </Button>
        )}
        {product.previousSecretUntil !== undefined && product.previousSecretUntil > Date.now() && (
          <Text size="sm" mt="sm">
            {t.formerUntil(fullTime(product.previousSecretUntil, locale))}
          </Text>
        )}
      </Panel>
      <Panel title={t.events}>
        <Fault of={error} />
        {events === undefined ? (
          error === null && <Loader size="sm" aria-label={text.app.loading} />
        ) : events.length === 0 ? (
          <Text size="sm" className="quiet">
            {t.noEvents}
          </Text>
        ) : (
          <ul className={classes.events}>
            {events.map(({ at, id, kind, reason }) => (
              <li key={id}>
                <Group gap="sm">
                  <RowTime at={at} className="mono quiet" />
                  <EventKindMark kind={kind} />
                </Group>
                <Text size="sm">{reason}</Text>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel title={t.danger}>
        <Group justify="space-between">
          <Text size="sm">{t.deleteHint}</Text>
          <Button color="red" variant="outline" size="xs" onClick={() => setDialog("delete")}>
            {t.delete}
          </Button>
        </Group>
      </Panel>
      {dialog === "change" && <ChangeProduct product={product} onClose={close} />}
      {dialog === "rotate" && <RotateProductSecret product={product} onClose={close} />}
      {dialog === "delete" && <DeleteProduct product={product} onClose={close} />}
    </div>
  )
}
