import type { Standing } from '../store/ports.ts'
import { isWithoutPerson } from './flow-without-person.ts'

/**
 * Whether a mailbox is a person's own: it has an entry of its own, and no app sends for it. A right to its whole domain does not reach it, unless it says so. Where
 * a person has yet to consent, it is as if that had happened: nobody is to be quicker.
 */
export function isPersonal(standing: Standing | undefined): boolean {
  if (standing === undefined || standing.coveredBy !== undefined) return false
  return standing.grant?.state !== 'active' || !isWithoutPerson(standing.grant.flow)
}
