import { present } from './database.ts'
import type { ActiveGrant, Flow, GivenTo, LapsedGrant } from './ports.ts'
import type { Place, Sealer } from './sealer.ts'
import type { GrantsTable } from './tables.ts'

/** A row of the grants with the address of its mailbox. */
export type GrantRow = GrantsTable & { mailbox: string }

export function grantPlace(id: string): Place {
  return { table: 'grants', column: 'refresh_token', row: id }
}

/** @throws Failure `store-unavailable` when its refresh token does not open */
export async function openGrant(sealer: Sealer, row: GrantRow): Promise<ActiveGrant | LapsedGrant> {
  const sealed = row.refresh_token
  const refreshToken = sealed === null ? null : await sealer.open(grantPlace(row.id), sealed)
  return { ...grantOf(row), ...present({ refreshToken }) }
}

/** Everything of it that is not sealed. */
export function grantOf(row: Omit<GrantRow, 'refresh_token'>): ClosedGrant {
  const consent = {
    id: row.id,
    mailbox: row.mailbox,
    providerId: row.provider_id,
    version: row.version,
    flow: row.flow as Flow,
    ...present({
      refreshTokenEndsAt: row.refresh_token_ends_at,
      signedInAs: row.signed_in_as,
      subject: row.subject,
    }),
    scopes: JSON.parse(row.scopes) as string[],
    ...(row.given_to !== null && { givenTo: JSON.parse(row.given_to) as GivenTo }),
    grantedAt: row.granted_at,
    renewedAt: row.renewed_at,
  }
  if (row.state === 'active') return { ...consent, state: 'active' }
  const refused = refusedOf(row)
  return {
    ...consent,
    state: 'lapsed',
    since: row.lapsed_since ?? 0,
    reason: row.lapse_reason ?? '',
    ...(refused && { refused }),
  }
}

/** Of a lapsed grant. */
export function refusedOf({
  refused_at: at,
  refused_to: to,
}: Pick<GrantsTable, 'refused_at' | 'refused_to'>): LapsedGrant['refused'] {
  if (at === null) return undefined
  return { at, ...(to !== null && { to: JSON.parse(to) as GivenTo }) }
}

type ClosedGrant = Omit<ActiveGrant, 'refreshToken'> | Omit<LapsedGrant, 'refreshToken'>
