import type { ListedGrant } from '../model/grant.ts'
import type { Words } from './errors/known-error.ts'
import type { Provider, Registration } from './provider.ts'
import type { OwnCertificateState } from './settings.ts'

/** Something that expires if nothing is done. */
export interface Expiry {
  /**
   * `unused`: a refresh token that is not used. `refresh-token`: by the expiry that the provider
   * gave. `own-certificate`: one that postern renews itself. `test-phase`: the grants of a registration in test status. `old-client-secret`: it has
   * expired while another one works.
   */
  kind:
    | 'unused'
    | 'refresh-token'
    | 'test-phase'
    | 'client-secret'
    | 'old-client-secret'
    | 'certificate'
    | 'own-certificate'
    | 'own-certificate-refused'
  /** Milliseconds since 1970. */
  endsAt: number
  /**
   * A notice is sent so many days ahead, the last first; 0: when it expires. Empty: shown, but
   * without a notice.
   */
  daysAhead: readonly number[]
}

/** What is to be done about it: a whole sentence. */
export const expiryFixes: Record<Expiry['kind'], Words> = {
  unused: {
    en: 'Nothing is to be done: postern renews it each day, as long as it runs.',
    ja: '操作は不要です。postern が動いている限り毎日更新されます。',
  },
  'test-phase': {
    en: 'Take the registration out of its test phase at the provider, say so here (grantsEndAfterDays, or POSTERN_GOOGLE_TESTING), and have the person consent again.',
    ja: 'プロバイダーで登録のテスト段階を終え、postern にも反映して (grantsEndAfterDays または POSTERN_GOOGLE_TESTING)、もう一度同意してもらってください。',
  },
  'refresh-token': {
    en: 'Unless a renewal moves it, the person has to consent again before.',
    ja: '更新で延びない場合は、それまでにもう一度同意が必要です。',
  },
  certificate: {
    en: 'Give the registration a new certificate at the provider, and give it here with its key: on the page of the registration, by "postern registration set", or in the settings, with a restart.',
    ja: 'プロバイダーで登録に新しい証明書を追加し、鍵とともに postern にも渡してください。登録のページか「postern registration set」を使うか、設定に入れて再起動します。',
  },
  'own-certificate': {
    en: 'Nothing is to be done: postern makes the next one 30 days before, and has it registered itself.',
    ja: '操作は不要です。postern が 30 日前に次の証明書を作り、自分で登録します。',
  },
  'own-certificate-refused': {
    en: 'Postern could not have the next one registered: upload the one that its page offers (or "postern registration certificate" prints) at the app registration under Certificates & secrets. It is used as soon as the provider takes it.',
    ja: 'postern は次の証明書を登録できませんでした。証明書のページにある(または「postern registration certificate」が表示する)証明書を、アプリの登録の「証明書とシークレット」にアップロードしてください。プロバイダーが受け付け次第、使われます。',
  },
  'client-secret': {
    en: 'Make a new client secret at the provider, and add it here as the next one: on the page of the registration, by "postern registration set", or in the settings, with a restart. Both work until the first one ends.',
    ja: 'プロバイダーで新しいクライアントシークレットを作り、次のものとして postern に追加してください。登録のページか「postern registration set」を使うか、設定に入れて再起動します。最初のものの期限までは両方使えます。',
  },
  'old-client-secret': {
    en: 'It has ended and another one works: take it out.',
    ja: '期限が切れ、別のものが使われています。取り除いてください。',
  },
}

const hour = 3_600_000
const day = 24 * hour
const daysAhead = [0, 1, 7, 14, 30]

export type ForecastGrant = Pick<ListedGrant, 'flow' | 'grantedAt' | 'renewedAt' | 'refreshTokenEndsAt'>

/**
 * The known expiries of a grant, the soonest first. A revocation by the person or an administrator
 * cannot be foreseen.
 */
export function grantExpiries(
  grant: ForecastGrant,
  { oauth, registration }: Pick<Provider, 'oauth'> & { registration: Registration },
): Expiry[] {
  const { flow, grantedAt, renewedAt } = grant
  if (flow === 'client-credentials' || flow === 'service-account') return []
  const { unusedDays } = oauth
  const { grantsEndAfterDays } = registration
  const testPhase = grantsEndAfterDays === undefined ? [] : [testPhaseExpiry(grantedAt, grantsEndAfterDays)]
  const refreshToken = refreshTokenExpiry(grant)
  // Google also gives the end of its test phase as the expiry of each refresh token.
  const isSameEnd = testPhase.some(({ endsAt }) => Math.abs(endsAt - (refreshToken?.endsAt ?? 0)) < day)
  const unused: Expiry[] =
    unusedDays === undefined
      ? []
      : [
          {
            kind: 'unused',
            endsAt: renewedAt + unusedDays * day,
            daysAhead: [],
          },
        ]
  return [...unused, ...(refreshToken && !isSameEnd ? [refreshToken] : []), ...testPhase].sort(bySoonest)
}

function testPhaseExpiry(grantedAt: number, lastsDays: number): Expiry {
  return {
    kind: 'test-phase',
    endsAt: grantedAt + lastsDays * day,
    // Not at its beginning, when the consent has just been given.
    daysAhead: daysAhead.filter((days) => days < lastsDays),
  }
}

/**
 * Many providers move this expiry with each renewal, and postern renews in time, so it counts how
 * much life the last renewal has left. A week or less of a long life is a fixed expiry that comes
 * near; a few hours are the usual life of a refresh token that is renewed all day.
 */
function refreshTokenExpiry({ renewedAt, refreshTokenEndsAt: endsAt }: ForecastGrant): Expiry | undefined {
  if (endsAt === undefined) return undefined
  const left = endsAt - renewedAt
  const isNear = (days: number) => left <= days * day && left > 8 * hour
  return {
    kind: 'refresh-token',
    endsAt,
    daysAhead: [0, ...[1, 7].filter(isNear)],
  }
}

/**
 * When the credentials of a registration expire, as far as their dates are in the settings. Secrets
 * overlap: only the expiry of the last one matters, and it is unknown if one has no date.
 */
export function registrationExpiries(
  { clientSecrets, certificate, ownCertificate }: Registration,
  now: number,
): Expiry[] {
  if (certificate) return [certificateExpiry(certificate.expiresAt, ownCertificate, now)]
  if (clientSecrets.length === 0) return []
  const ends = clientSecrets.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
  const last = Math.max(...ends)
  const old = last <= now ? [] : ends.filter((end) => end <= now).sort((one, other) => one - other)
  return [...old.map(oldSecretExpiry), ...(Number.isFinite(last) ? [secretExpiry(last)] : [])]
}

/** Ten days are enough for the next one, unless something is wrong that nobody has said. */
const renewedWithinDays = 10

function certificateExpiry(endsAt: number, own: OwnCertificateState | undefined, now: number): Expiry {
  if (!own) return { kind: 'certificate', daysAhead, endsAt }
  const isLate = endsAt - now < (renewalDays - renewedWithinDays) * day
  if (own.refused || isLate) return { kind: 'own-certificate-refused', daysAhead, endsAt }
  return { kind: 'own-certificate', daysAhead: [], endsAt }
}

/** So long before its end postern makes the next one of its own certificates. */
export const renewalDays = 30

/** Whether something is to be done for a certificate of postern's own. */
export function needsCare({ certificate, ownCertificate: own }: Registration, now: number): boolean {
  if (!own) return false
  return own.underway || (certificate !== undefined && certificate.expiresAt - now <= renewalDays * day)
}

function secretExpiry(endsAt: number): Expiry {
  return {
    kind: 'client-secret',
    daysAhead,
    endsAt,
  }
}

function oldSecretExpiry(endsAt: number): Expiry {
  return {
    kind: 'old-client-secret',
    daysAhead: [],
    endsAt,
  }
}

export function bySoonest(one: Expiry, other: Expiry): number {
  return one.endsAt - other.endsAt
}
