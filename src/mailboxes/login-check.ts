import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Place } from '../base/fair-queue.ts'
import type { Secret } from '../base/secret.ts'
import { type Guard, type Look, loginDoor } from '../guessing/guard.ts'
import { sourceOf } from '../net/ip.ts'
import type { Login, LoginStore } from '../store/ports.ts'
import type { ChosenPasswords } from './chosen-password.ts'
import { isUsable } from './is-usable.ts'
import type { SignInOffers } from './sign-in-offers.ts'
import { parseUserName } from './user-name.ts'

export interface LoginCheckNeeds {
  logins: Pick<LoginStore, 'findByUserName' | 'knows'>
  offers: Pick<SignInOffers, 'generated'>
  guard: Guard
  clock: Clock
  chosenPasswords: Pick<ChosenPasswords, 'waste'>
}

/** What a client showed for a password, and how it is compared with a login's. */
export interface Proof {
  /** What is counted as one guess. */
  secret: Secret
  /** Whether there is anything in this login that it could be right for. */
  fits(login: Login): boolean
  /** Whether it is right, for a password that was generated here. No other login matches. */
  matchesGenerated(login: Login): boolean
  /** The same for one that a person chose. `paid`: a scrypt was run to find out. */
  matchesChosen(login: Login, asker: Place): Promise<{ matches: boolean; paid: boolean }>
}

const knownMilliseconds = 30 * 86_400_000

/**
 * Who a client is, by its user name and what it showed for the password. A generated password that is right opens the door whatever
 * the guard has counted, because nobody guesses 160 bits: no flood locks such a login out. Everything else is asked of the guard
 * first, and every refusal throws the same Failure after one scrypt; or none, for a password that was wrong a moment ago, whether or not the name
 * exists.
 */
export function createLoginCheck({ logins, offers, guard, clock, chosenPasswords }: LoginCheckNeeds) {
  return async (userName: string, proof: Proof, remoteAddress: string, gone?: Gone): Promise<Login> => {
    const name = readUserName(userName)
    const remembered = name === undefined ? undefined : offers.generated(name)
    if (remembered !== undefined && opens(remembered, proof, remoteAddress)) return remembered
    // What is refused has always asked the store, so that its time does not tell which names are known.
    const login = name === undefined ? undefined : await logins.findByUserName(name)
    const usable = login !== undefined && isUsable(login, remoteAddress, clock.now())
    if (usable && login.id !== remembered?.id && proof.matchesGenerated(login)) return login

    const source = sourceOf(remoteAddress).key
    // Asked for a name that does not exist, too: the same work.
    const known = await logins.knows(login?.id ?? '', source, clock.now() - knownMilliseconds)
    const attempt = {
      source,
      name: userName,
      known,
      secret: proof.secret,
      against: login === undefined ? '' : `${login.id} ${usable}`,
      door: loginDoor,
    }
    const look = async (): Promise<Look> => {
      const asker = { lane: source, known, gone }
      const answer = login ? await proof.matchesChosen(login, asker) : { matches: false, paid: false }
      if (usable && answer.matches) return 'right'
      if (!answer.paid) await chosenPasswords.waste(asker)
      // Python's smtplib tries CRAM-MD5 first wherever it is offered, and then signs in: no guess, though its login may not have it.
      return known && usable && !proof.fits(login) ? 'harmless' : 'wrong'
    }
    const isRight = await guard.attempt(attempt, look, gone)
    if (login !== undefined && isRight) return login
    throw wrongCredentials()
  }

  function opens(login: Login, proof: Proof, remoteAddress: string): boolean {
    return isUsable(login, remoteAddress, clock.now()) && proof.matchesGenerated(login)
  }
}

/** The one text for every refusal: it tells nobody which names exist. */
export function wrongCredentials(): Failure {
  return new Failure('wrong-credentials', 'Wrong user name or password')
}

/** A name that no login can have is looked up by nobody, and refused like an unknown one. */
function readUserName(text: string): string | undefined {
  try {
    return parseUserName(text)
  } catch {
    return undefined
  }
}
