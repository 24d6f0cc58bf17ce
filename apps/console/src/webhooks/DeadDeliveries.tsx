import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { bodyOf, registry } from "../api/client.ts"
import { DeadList } from "../display/DeadList.tsx"
import { useText } from "../language/Language.tsx"
import { deadQuery, webhooksKey } from "./webhookQueries.ts"

interface Props {
  readonly webhookId: string
  readonly onClose: () => void
}

/** Events that were given up, to be delivered again. */
export const DeadDeliveries = ({ onClose, webhookId }: Props) => {
  const client = useQueryClient()
  const replay = useMutation({
    mutationFn: () =>
      bodyOf(registry.POST("/v1/webhooks/{webhookId}/dead:replay", { params: { path: { webhookId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: webhooksKey })
  })
  return <DeadList dead={useQuery(deadQuery(webhookId))} replay={replay} words={useText().webhooks} onClose={onClose} />
}
