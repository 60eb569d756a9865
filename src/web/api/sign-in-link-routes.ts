import { z } from 'zod'
import { actorFields, type Log } from '../../base/log.ts'
import { pageRoles } from '../../store/ports.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { ApiRoute } from './api-route.ts'
import { readInput } from './read-input.ts'

const newLink = z.strictObject({ role: z.enum(pageRoles).exactOptional() })

export function signInLinkRoutes({ signInLinks, log }: { signInLinks: SignInLinks; log: Log }): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/sign-in-links',
      needs: 'admin',
      answer({ by, body }) {
        const { role = 'administrator' } = readInput(newLink, body ?? {})
        log.info({ event: 'sign-in-link.made', role, ...actorFields(by) }, 'a one-time sign-in link was made')
        return { status: 201, body: signInLinks.create(role) }
      },
    },
  ]
}
