import { addressKey } from '../base/address.ts'
import type { Database } from './database.ts'
import type { RecipientCountStore } from './ports.ts'

const memoryMilliseconds = 2 * 86_400_000

export function createRecipientCountStore(database: Database): RecipientCountStore {
  return {
    since: (mailbox, since) =>
      database.read((tables) =>
        tables
          .selectFrom('recipient_counts')
          .select(['hour', 'recipients'])
          .where('mailbox_key', '=', addressKey(mailbox))
          .where('hour', '>=', since)
          .orderBy('hour')
          .execute(),
      ),

    async add(mailbox, hour, recipients) {
      const row = { mailbox_key: addressKey(mailbox), hour, recipients }
      await database.change(async (tables) => {
        await tables
          .insertInto('recipient_counts')
          .values(row)
          .onConflict((on) =>
            on.columns(['mailbox_key', 'hour']).doUpdateSet((by) => ({
              recipients: by('recipient_counts.recipients', '+', recipients),
            })),
          )
          .execute()
        await tables
          .deleteFrom('recipient_counts')
          .where('hour', '<', hour - memoryMilliseconds)
          .execute()
      })
    },
  }
}
