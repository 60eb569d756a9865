import { consentFailures } from './consent.ts'
import { diagnosisFailures } from './diagnosis.ts'
import type { ValuesOf } from './entry.ts'
import { loginFailures } from './login.ts'
import { machineFailures } from './machine.ts'
import { networkFailures } from './network.ts'
import { providerFailures } from './provider.ts'
import { requestsFailures } from './requests.ts'
import { upstreamFailures } from './upstream.ts'

/** Every failure, by its id. Ids are stable: logs, problem documents and docs/errors.md name them. */
export const catalogue = {
  ...networkFailures,
  ...upstreamFailures,
  ...providerFailures,
  ...consentFailures,
  ...loginFailures,
  ...machineFailures,
  ...requestsFailures,
  ...diagnosisFailures,
}

export type FailureId = keyof typeof catalogue

export type FailureValues<Id extends FailureId> = ValuesOf<(typeof catalogue)[Id]>
