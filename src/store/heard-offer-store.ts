import type { Database } from './database.ts'
import type { HeardOffer, HeardOfferStore } from './ports.ts'
import { present } from './present.ts'
import type { HeardOffersTable } from './tables.ts'

export function createHeardOfferStore(database: Database): HeardOfferStore {
  return {
    async list() {
      const found = await database.read((tables) => tables.selectFrom('heard_offers').selectAll().execute())
      return found.map(offerOf)
    },

    put: ({ providerId, host, size, ...offered }) =>
      database.change(async (tables) => {
        const heard = {
          host,
          size: size ?? null,
          eight_bit_mime: Number(offered.eightBitMime),
          smtp_utf8: Number(offered.smtpUtf8),
          dsn: Number(offered.dsn),
          enhanced_status_codes: Number(offered.enhancedStatusCodes),
        }
        await tables
          .insertInto('heard_offers')
          .values({ provider_id: providerId, ...heard })
          .onConflict((on) => on.column('provider_id').doUpdateSet(heard))
          .execute()
      }),
  }
}

function offerOf(found: HeardOffersTable): HeardOffer {
  return {
    providerId: found.provider_id,
    host: found.host,
    ...present({ size: found.size }),
    eightBitMime: found.eight_bit_mime === 1,
    smtpUtf8: found.smtp_utf8 === 1,
    dsn: found.dsn === 1,
    enhancedStatusCodes: found.enhanced_status_codes === 1,
  }
}
