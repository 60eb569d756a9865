import { z } from 'zod'
import type { JournalReader } from '../../journal/service.ts'
import type { ApiRoute } from './api-route.ts'
import { readInput } from './read-input.ts'

const text = z.string().max(254).exactOptional()

const query = z.strictObject({
  mailbox: text,
  login: text,
  kind: text,
  outcome: text,
  since: text,
  until: text,
  before: text,
  after: text,
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a number')
    .transform(Number)
    .exactOptional(),
})

export function journalRoutes(journal: JournalReader): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/journal',
      needs: 'read',
      answer: async ({ query: given }) => ({ body: await journal.list(readInput(query, given)) }),
    },
  ]
}
