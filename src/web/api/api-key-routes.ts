import { z } from 'zod'
import type { ApiKeys } from '../../mailboxes/services.ts'
import type { ApiRoute } from './api-route.ts'
import { readInput } from './read-input.ts'

const newApiKey = z.strictObject({
  scopes: z.array(z.string().min(1).max(300)).min(1).max(100),
  name: z.string().min(1).max(200).exactOptional(),
  expires: z.string().min(1).max(40).exactOptional(),
})

export function apiKeyRoutes(apiKeys: ApiKeys): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api-keys',
      needs: 'admin',
      answer: async () => ({ body: { apiKeys: await apiKeys.list() } }),
    },
    {
      method: 'POST',
      path: '/api-keys',
      needs: 'admin',
      async answer({ body, by }) {
        const { apiKey, key } = await apiKeys.add(readInput(newApiKey, body), by)
        // Shown this once: what is kept is its hash.
        return { status: 201, body: { apiKey, key: key.reveal() } }
      },
    },
    {
      method: 'DELETE',
      path: '/api-keys/:id',
      needs: 'admin',
      async answer({ param, by }) {
        await apiKeys.revoke(param('id'), by)
        return { status: 204 }
      },
    },
  ]
}
