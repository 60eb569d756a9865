import { createAdminConsents } from './admin-consent.ts'
import { createConsentBeginning } from './consent-beginning.ts'
import { createConsentCompletion } from './consent-completion.ts'
import { createConsentHashes } from './consent-hashes.ts'
import { createConsentLinks } from './consent-links.ts'
import type { ConsentNeeds } from './consent-needs.ts'
import { createConsentSettling } from './consent-settling.ts'
import { createDeviceConsents } from './device-consents.ts'
import { createPageSignIns } from './page-sign-ins.ts'
import { pastedAnswer } from './pasted-answer.ts'
import { type ConsentService, redirectUriOf } from './service.ts'
import { createWrongPersons } from './wrong-persons.ts'

/** The consents of people in browsers: links, the way to the provider, and what comes back from it. */
export function createConsentService(needs: ConsentNeeds): ConsentService {
  const hashes = createConsentHashes(needs.keyedHash)
  const links = createConsentLinks({ ...needs, hashes })
  const redirectUri = redirectUriOf(needs.publicUrl)
  const wrongPersons = createWrongPersons()
  const settle = createConsentSettling({ ...needs, wrongPersons })
  const parts = { ...needs, hashes, links, redirectUri, wrongPersons, settle }
  const complete = createConsentCompletion(parts)

  return {
    createLink: links.create,
    links: links.list,
    revokeLink: links.revoke,
    openLink: links.open,
    begin: createConsentBeginning(parts),
    complete,
    async completePasted(text, state, browser) {
      const { callback, codeOnly } = pastedAnswer(text, redirectUri, state)
      return complete(callback, browser, { codeOnly })
    },
    device: createDeviceConsents(parts),
    admin: createAdminConsents(parts),
    signIns: createPageSignIns(parts),
  }
}
