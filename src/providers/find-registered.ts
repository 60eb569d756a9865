import type { Catalogue, RegisteredProvider } from './provider.ts'

/** The provider, if there is one with this id and it has a registration. */
export function findRegistered(catalogue: Catalogue, id: string): RegisteredProvider | undefined {
  const isThere = catalogue.list().some(({ provider, registered }) => registered && provider.id === id)
  return isThere ? catalogue.registered(id) : undefined
}
