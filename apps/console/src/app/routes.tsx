import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect
} from "@tanstack/react-router"
import { deviceSearch } from "../device/deviceSearch.ts"
import { FleetPage } from "../fleet/FleetPage.tsx"
import { fleetSearch } from "../fleet/fleetSearch.ts"
import { productSearch } from "../product/productSearch.ts"
import { SignInPage } from "../session/SignInPage.tsx"
import { Frame } from "./Frame.tsx"
import { NotFound } from "./NotFound.tsx"
import { SignedIn, SignedOut } from "./SignedIn.tsx"

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: () => (
    <SignedOut>
      <SignInPage />
    </SignedOut>
  )
})

/** Every page but the one that signs in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: () => (
    <SignedIn>
      <Frame />
    </SignedIn>
  )
})

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/devices", replace: true })
  }
})

const fleet = createRoute({
  getParentRoute: () => inside,
  path: "/devices",
  validateSearch: fleetSearch,
  component: FleetPage
})

const device = createRoute({
  getParentRoute: () => inside,
  path: "/devices/$productKey/$deviceKey",
  validateSearch: deviceSearch,
  component: lazyRouteComponent(() => import("../device/DevicePage.tsx"), "DevicePage")
})

const products = createRoute({
  getParentRoute: () => inside,
  path: "/products",
  component: lazyRouteComponent(() => import("../product/ProductsPage.tsx"), "ProductsPage")
})

const product = createRoute({
  getParentRoute: () => inside,
  path: "/products/$productKey",
  validateSearch: productSearch,
  component: lazyRouteComponent(() => import("../product/ProductPage.tsx"), "ProductPage")
})

const recordings = createRoute({
  getParentRoute: () => inside,
  path: "/recordings",
  component: lazyRouteComponent(() => import("../why/RecordingsPage.tsx"), "RecordingsPage")
})

const recording = createRoute({
  getParentRoute: () => inside,
  path: "/recordings/$id",
  component: lazyRouteComponent(() => import("../why/RecordingPage.tsx"), "RecordingPage")
})

const strangers = createRoute({
  getParentRoute: () => inside,
  path: "/strangers",
  component: lazyRouteComponent(() => import("../strangers/StrangersPage.tsx"), "StrangersPage")
})

const webhooks = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("../webhooks/WebhooksPage.tsx"), "WebhooksPage")
})

const sinks = createRoute({
  getParentRoute: () => inside,
  path: "/sinks",
  component: lazyRouteComponent(() => import("../sinks/SinksPage.tsx"), "SinksPage")
})

const cluster = createRoute({
  getParentRoute: () => inside,
  path: "/cluster",
  component: lazyRouteComponent(() => import("../cluster/ClusterPage.tsx"), "ClusterPage")
})

const access = createRoute({
  getParentRoute: () => inside,
  path: "/access",
  component: lazyRouteComponent(() => import("../access/AccessPage.tsx"), "AccessPage")
})

const audit = createRoute({
  getParentRoute: () => inside,
  path: "/audit",
  component: lazyRouteComponent(() => import("../access/AuditPage.tsx"), "AuditPage")
})

const routeTree = root.addChildren([
  signIn,
  inside.addChildren([
    home,
    fleet,
    device,
    products,
    product,
    recordings,
    recording,
    strangers,
    webhooks,
    sinks,
    cluster,
    access,
    audit
  ])
])

export const makeRouter = () => createRouter({ routeTree, defaultPreload: "intent", scrollRestoration: true })

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
