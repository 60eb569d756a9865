import type { Log } from '../../base/log.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { WebServices } from '../web-services.ts'
import { apiKeyRoutes } from './api-key-routes.ts'
import type { ApiRoute } from './api-route.ts'
import { consentRoutes } from './consent-routes.ts'
import { journalRoutes } from './journal-routes.ts'
import { loginRoutes } from './login-routes.ts'
import { mailboxRoutes } from './mailbox-routes.ts'
import { providerRoutes } from './provider-routes.ts'
import { signInLinkRoutes } from './sign-in-link-routes.ts'
import { tokenRoutes } from './token-routes.ts'

/** The whole API. */
export function apiRoutes({
  services,
  redirectUri,
  signInLinks,
  log,
}: {
  services: Omit<WebServices, 'guard'>
  /** The one of postern itself. */
  redirectUri: string
  signInLinks: SignInLinks
  log: Log
}): ApiRoute[] {
  const { mailboxes, logins, apiKeys, consent, notices, tokens, catalogue, registrationChecks, journal } =
    services
  return [
    ...consentRoutes(consent),
    ...mailboxRoutes({ mailboxes, consent, notices }),
    ...providerRoutes({ catalogue, registrationChecks, redirectUri }),
    ...tokenRoutes({ mailboxes, tokens, log }),
    ...loginRoutes(logins),
    ...apiKeyRoutes(apiKeys),
    ...signInLinkRoutes({ signInLinks, log }),
    ...journalRoutes(journal),
  ]
}
