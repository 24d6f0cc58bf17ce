import { Group, Loader, Tabs } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { lazy } from "react"
import { PageLink } from "../display/PageLink.tsx"
import { ApiFault } from "../api/ApiFault.ts"
import { Ago } from "../display/Ago.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { PageTabs } from "../display/PageTabs.tsx"
import { StatusMark } from "../display/StatusMark.tsx"
import { useText } from "../language/Language.tsx"
import { DeviceActions } from "./DeviceActions.tsx"
import { DeviceOverview } from "./DeviceOverview.tsx"
import { deviceQuery } from "./deviceQueries.ts"
import { deviceTabs } from "./deviceSearch.ts"
import { useLiveDevice } from "./liveDevice.ts"

const DeviceCommands = lazy(() => import("./DeviceCommands.tsx").then((module) => ({ default: module.DeviceCommands })))
const DeviceLog = lazy(() => import("./DeviceLog.tsx").then((module) => ({ default: module.DeviceLog })))
const DeviceUplinks = lazy(() => import("./DeviceUplinks.tsx").then((module) => ({ default: module.DeviceUplinks })))
const DeviceWhy = lazy(() => import("../why/DeviceWhy.tsx").then((module) => ({ default: module.DeviceWhy })))

/** One device: who it is, what it says, what it is told, and why it was refused. */
export const DevicePage = () => {
  const text = useText()
  const t = text.device
  const path = useParams({ from: "/inside/devices/$productKey/$deviceKey" })
  const { tab = "overview" } = useSearch({ from: "/inside/devices/$productKey/$deviceKey" })
  const navigate = useNavigate()
  const { data: device, error, refetch } = useQuery(deviceQuery(path))
  useLiveDevice(path)
  if (error instanceof ApiFault && error.status === 404) {
    return (
      <EmptyState title={t.unknown(path.deviceKey)} action={<PageLink to="/devices">{text.app.toFleet}</PageLink>}>
        {t.unknownBody}
      </EmptyState>
    )
  }
  if (error) return <FaultPanel error={error} again={() => void refetch()} />
  if (device === undefined) return <Loader aria-label={text.app.loading} />
  return (
    <>
      <title>{`${device.deviceName} · Roost`}</title>
      <PageLink to="/devices" size="sm">
        ← {text.fleet.title}
      </PageLink>
      <PageHeader
        title={device.deviceName}
        lead={
          <Group gap="4px 18px">
            <StatusMark status={device.status} />
            <span className="mono">
              {device.productKey} / {device.deviceKey}
            </span>
            {device.lastSeenAt !== undefined && (
              <span>
                {t.seen} <Ago at={device.lastSeenAt} />
              </span>
            )}
          </Group>
        }
        actions={<DeviceActions device={device} />}
      />
      <PageTabs
        names={deviceTabs}
        labels={t.tabs}
        open={tab}
        onOpen={(next) =>
          void navigate({
            to: "/devices/$productKey/$deviceKey",
            params: path,
            search: next === "overview" ? {} : { tab: next },
            replace: true
          })
        }
      >
        <Tabs.Panel value="overview">
          <DeviceOverview device={device} />
        </Tabs.Panel>
        <Tabs.Panel value="commands">
          <DeviceCommands device={device} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <DeviceLog device={path} />
        </Tabs.Panel>
        <Tabs.Panel value="uplinks">
          <DeviceUplinks device={path} />
        </Tabs.Panel>
        <Tabs.Panel value="why">
          <DeviceWhy device={path} />
        </Tabs.Panel>
      </PageTabs>
    </>
  )
}
