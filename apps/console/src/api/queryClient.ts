import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query"
import { sessionKey } from "../session/session.ts"
import { ApiFault, isPassing } from "./ApiFault.ts"
import { isReachable, subscribeReachable } from "./reachability.ts"

/** Waits between tries while the registry is away. Milliseconds. */
const retryMillisMin = 500
const retryMillisMax = 4_000

/** Asks again for as long as the registry is away, and for everything that is shown once it is back. */
export const makeQueryClient = (): QueryClient => {
  const signedOut = (error: unknown) => {
    if (error instanceof ApiFault && error.status === 401) client.setQueryData(sessionKey, null)
  }
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: signedOut }),
    mutationCache: new MutationCache({ onError: signedOut }),
    defaultOptions: {
      queries: {
        // `online` of a browser says nothing of a registry on this machine.
        networkMode: "always",
        retry: (_, error) => isPassing(error),
        retryDelay: (tries) => Math.min(retryMillisMax, retryMillisMin * 2 ** tries),
        staleTime: 1_000
      },
      mutations: { networkMode: "always" }
    }
  })
  subscribeReachable(() => void (isReachable() && client.invalidateQueries()))
  return client
}
