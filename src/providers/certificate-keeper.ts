import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { StoredRegistration } from '../model/registration.ts'
import type { RegistrationStore } from '../store/ports.ts'
import type { LiveCatalogue } from './catalogue.ts'
import type { CertificateKeeper, KeptCertificates } from './own-certificates.ts'
import { entryIn, type StoredEntry, sealable } from './stored-entry.ts'

interface CertificateKeeperDeps {
  registrations: Pick<RegistrationStore, 'list' | 'put'>
  catalogue: Pick<LiveCatalogue, 'entries'>
  clock: Pick<Clock, 'now'>
}

/** Keeps the certificates of the registrations of the store, and their keys, sealed with them. */
export function createCertificateKeeper({
  registrations,
  catalogue,
  clock,
}: CertificateKeeperDeps): CertificateKeeper {
  /** What is in use of it; what the settings hide is not. */
  function inCatalogue(id: string) {
    const found = catalogue.entries().find(({ registered }) => registered?.id === id)?.registered
    return found?.source === 'stored' ? found : undefined
  }

  async function stored(id: string): Promise<StoredRegistration | undefined> {
    const found = (await registrations.list()).find((one) => one.id === id)
    if (!found || found.content instanceof Failure) return undefined
    return { ...found, content: found.content }
  }

  return {
    ids: async () =>
      catalogue.entries().flatMap(({ registered }) => {
        const isOwn = registered?.source === 'stored' && registered.registration.ownCertificate
        return isOwn ? [registered.id] : []
      }),

    async read(id) {
      const [provider, kept] = [inCatalogue(id), await stored(id)]
      if (!provider || !kept) return undefined
      const { certificate, certificateKey: key, ownCertificate: own } = entryIn(kept)
      return {
        provider,
        ...(certificate !== undefined && key !== undefined && { inUse: { certificate, key } }),
        ...(own && { own }),
        revision: kept.revision,
      }
    },

    async write(id, now, revision) {
      const kept = await stored(id)
      if (kept?.revision !== revision) return false
      const content = sealable(entryWith(entryIn(kept), now))
      return registrations.put({ ...kept, content, revision: revision + 1, changedAt: clock.now() })
    },
  }
}

function entryWith(
  { clientSecrets, certificate: _c, certificateKey: _k, ownCertificate: _o, ...entry }: StoredEntry,
  { inUse, own }: Pick<KeptCertificates, 'inUse' | 'own'>,
): StoredEntry {
  const { clientAuthentication, ...others } = entry
  const ownCertificate = own && { ownCertificate: own }
  // A certificate stands in the place of secrets.
  if (inUse)
    return {
      ...others,
      certificate: inUse.certificate,
      certificateKey: inUse.key,
      ...ownCertificate,
    }
  return {
    ...others,
    ...(clientAuthentication !== undefined && { clientAuthentication }),
    ...(clientSecrets && { clientSecrets }),
    ...ownCertificate,
  }
}
