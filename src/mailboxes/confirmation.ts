import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Store } from '../store/ports.ts'
import { credentialState } from './expiry.ts'
import type { Submitter } from './services.ts'
import type { CredentialEnd, SignInOffers } from './sign-in-offers.ts'

export interface ConfirmationNeeds {
  offers: Pick<SignInOffers, 'endOf'>
  store: { logins: Pick<Store['logins'], 'findByUserName'>; apiKeys: Pick<Store['apiKeys'], 'find'> }
  clock: Clock
}

/**
 * Whether what a session signed in with is still good: from memory, which whoever revokes brings up to date before he is answered, and
 * from the store where memory does not know. Its networks are not looked at again: a connection never changes its address.
 */
export function createConfirmation({ offers, store, clock }: ConfirmationNeeds) {
  return async (submitter: Submitter): Promise<void> => {
    const id = submitter.apiKey ?? submitter.login ?? ''
    const credential = offers.endOf(id) ?? (await credentialOf(submitter))
    if (credential !== undefined && credentialState(credential, clock.now()) === 'active') return
    throw new Failure('wrong-credentials', 'The login or API key of this session has ended')
  }

  async function credentialOf({ userName, login, apiKey }: Submitter): Promise<CredentialEnd | undefined> {
    if (apiKey !== undefined) return await store.apiKeys.find(apiKey)
    const found = await store.logins.findByUserName(userName)
    // The name of a revoked login may have been given to another.
    return found?.id === login ? found : undefined
  }
}
