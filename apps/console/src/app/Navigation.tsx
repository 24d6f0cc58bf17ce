import {
  IconBox,
  IconDatabaseExport,
  IconDevices,
  IconFileText,
  IconHistory,
  IconKey,
  IconTopologyStar3,
  IconUserQuestion,
  IconVideo,
  IconWebhook
} from "@tabler/icons-react"
import { Link } from "@tanstack/react-router"
import { useText } from "../language/Language.tsx"
import classes from "./Navigation.module.css"

const pages = [
  { to: "/devices", name: "fleet", icon: IconDevices },
  { to: "/products", name: "products", icon: IconBox },
  { to: "/recordings", name: "recordings", icon: IconVideo },
  { to: "/strangers", name: "strangers", icon: IconUserQuestion },
  { to: "/webhooks", name: "webhooks", icon: IconWebhook },
  { to: "/sinks", name: "sinks", icon: IconDatabaseExport },
  { to: "/cluster", name: "cluster", icon: IconTopologyStar3 },
  { to: "/access", name: "access", icon: IconKey },
  { to: "/audit", name: "audit", icon: IconHistory }
] as const

/** The pages, in the order in which people need them. */
export const Navigation = () => {
  const t = useText().app
  return (
    <ul className={classes.list}>
      {pages.map(({ icon: Icon, name, to }) => (
        <li key={to}>
          <Link to={to} className={classes.link} activeProps={{ "aria-current": "page" }}>
            <Icon size={18} stroke={1.6} aria-hidden />
            {t.page[name]}
          </Link>
        </li>
      ))}
      <li>
        <a href="/docs" className={classes.link}>
          <IconFileText size={18} stroke={1.6} aria-hidden />
          {t.page.docs}
        </a>
      </li>
    </ul>
  )
}
