import type { Log } from '../../base/log.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { ApiRoute } from './api-route.ts'

export function signInLinkRoutes({ signInLinks, log }: { signInLinks: SignInLinks; log: Log }): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/sign-in-links',
      needs: 'admin',
      answer({ principal }) {
        log.info({ by: principal.name }, 'a one-time sign-in link was made')
        return { status: 201, body: signInLinks.create() }
      },
    },
  ]
}
