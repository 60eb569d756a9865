import { Failure } from '../base/failure.ts'
import type { Catalogue, GrantFlow, Provider, SupportStatus } from './provider.ts'
import { type SetUp, type SetUpContext, setUpOf } from './set-up.ts'

/** A provider as pages, API and command show it. Field names are the API's. Holds no secret. */
export interface ProviderStatus {
  id: string
  name: string
  registered: boolean
  /** What to set to have a registration. */
  missing?: string
  standing: SupportStatus
  flows: readonly GrantFlow[]
  smtp: Provider['submission']
  scopes: readonly string[]
}

export interface ProviderDetails extends ProviderStatus {
  setUp: SetUp
}

export function providerList(catalogue: Catalogue): ProviderStatus[] {
  return catalogue.list().map(({ provider, registered }) => statusOf(catalogue, provider, registered))
}

/** @throws Failure `not-found` */
export function providerDetails(
  catalogue: Catalogue,
  id: string,
  context: Omit<SetUpContext, 'registration'>,
): ProviderDetails {
  const found = catalogue.list().find(({ provider }) => provider.id === id)
  // It names those that there are.
  if (!found) throw missingFailure(catalogue, id)
  const { provider, registered } = found
  const registration = registered ? catalogue.registered(id).registration : undefined
  return {
    ...statusOf(catalogue, provider, registered),
    setUp: setUpOf(provider, { ...context, registration }),
  }
}

function statusOf(
  catalogue: Catalogue,
  { id, name, supportStatus: standing, flows, submission, oauth }: Provider,
  registered: boolean,
): ProviderStatus {
  const missing = registered ? undefined : missingFailure(catalogue, id).fix
  const scopes = oauth.scopes.length > 0 ? oauth.scopes : oauth.applicationScopes
  return {
    ...{ id, name, registered, standing, flows, smtp: submission, scopes },
    ...(missing !== undefined && { missing }),
  }
}

/** The catalogue knows which settings a registration needs; it says so when it is asked for one that is missing. */
function missingFailure(catalogue: Catalogue, id: string): Failure {
  try {
    catalogue.registered(id)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  return new Failure('internal', 'The catalogue has it after all')
}
