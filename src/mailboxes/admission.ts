import { printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Login, Store } from '../store/ports.ts'
import { howToAllow } from './allowing-command.ts'
import { isUsable } from './is-usable.ts'
import { wrongCredentials } from './login-check.ts'
import { mailboxForSender } from './sender-policy.ts'
import type { Submitter } from './services.ts'
import type { SignInOffers } from './sign-in-offers.ts'
import { submitterOf } from './submitter.ts'

export interface AdmissionNeeds {
  store: { logins: Pick<Store['logins'], 'findByUserName'>; mailboxes: Pick<Store['mailboxes'], 'find'> }
  offers: Pick<SignInOffers, 'withoutPassword'>
  clock: Clock
}

export interface Admitted {
  login: Login
  submitter: Submitter
}

/** Lets a client in that cannot sign in, by its address and its envelope sender: what POP-before-SMTP was for. */
export function createAdmission({ store, offers, clock }: AdmissionNeeds) {
  return async (sender: string, remoteAddress: string): Promise<Admitted> => {
    const candidates = await candidatesFrom(remoteAddress)
    const [first] = candidates
    if (first === undefined) throw wrongCredentials()
    const allowed = candidates.flatMap((candidate) => {
      const verdict = mailboxForSender(candidate.submitter, sender)
      return verdict.allowed ? [{ candidate, asGiven: verdict.sender === sender }] : []
    })
    // One that may send as this sender goes before one that would send as somebody else.
    const chosen = allowed.find(({ asGiven }) => asGiven) ?? allowed[0]
    if (chosen) return chosen.candidate
    const message = `No login without a password may send as ${printable(sender, 254)} from here`
    const fix = howToAllow(first.submitter, sender)
    throw new Failure('sender-refused', message, fix === undefined ? {} : { fix })
  }

  async function candidatesFrom(remoteAddress: string): Promise<Admitted[]> {
    const candidates: Admitted[] = []
    for (const { userName } of offers.withoutPassword(remoteAddress)) {
      const login = await store.logins.findByUserName(userName)
      // The name may have been given to another login since it was remembered.
      if (login?.verifier.kind !== 'none' || !isUsable(login, remoteAddress, clock.now())) continue
      candidates.push({ login, submitter: await submitterOf(store.mailboxes, login) })
    }
    return candidates
  }
}
