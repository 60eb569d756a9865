import type { Flow } from '../../store/ports.ts'
import { phrase } from '../texts/phrases.ts'

/** How a grant came about. */
export const flowWords: Record<Flow, string> = {
  'authorization-code': phrase('by a consent in a browser'),
  device: phrase('by a code that was entered at the provider'),
  'client-credentials': phrase('by the app registration itself, without a person'),
  'service-account': phrase('by a service account, without a person'),
  adopted: phrase('by a refresh token that was handed over'),
}
