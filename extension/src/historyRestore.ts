/** Restore what was before a change, after confirmation. */

import * as vscode from 'vscode';
import { CHANGED } from './askAgain';
import type { Parts } from './command';
import * as format from './format';
import * as prompts from './prompts';
import type { Restoring } from './protocol';
import { isModified } from './server';
import { sayRestored } from './undo';

const { t } = vscode.l10n;

/** Asks for a restore: what would change with `dryRun`, else that it be done. */
type Ask = (how: { dryRun?: boolean; expected?: string }) => Promise<Restoring>;

/** Say what would change, ask, and restore; it asks again if something else writes meanwhile. */
export async function restore(
    { server }: Parts,
    { question, button, config }: { question: string; button: string; config: string },
    ask: Ask,
): Promise<void> {
    for (let again: string[] = []; ; again = CHANGED) {
        const plan = await ask({ dryRun: true });
        await prompts.confirm(question, [...whatItDoes(plan), ...again], button);
        try {
            const done = await ask({ expected: plan.digest });
            const { action } = done;
            sayRestored(done, action ? () => server.ask('kvlens.historyUndo', { config, action }) : undefined);
            return;
        } catch (error) {
            if (!isModified(error)) {
                throw error;
            }
        }
    }
}

/** @throws NothingThere if there is nothing to do */
function whatItDoes(plan: Restoring): string[] {
    const { written, deleted, keys, changed, changedCount, damaged, expired, unknown } = plan;
    if (!written && !deleted) {
        throw new prompts.NothingThere(
            damaged.length ? t("Nothing to undo: {0} can't be read now. Restore instead.", format.some(damaged, 5, damaged.length)) :
            unknown ? t('Nothing to restore: the earlier value is not in the history.') :
            changedCount
                ? t('Nothing to restore: {0} changed since.', format.some(changed, 5, changedCount))
                : t('Nothing to restore: the keys are as they were.'),
        );
    }
    const key = (count: number): string => format.count(count, 'key');
    const counts = [
        !written
            ? t('{0} will be deleted', key(deleted))
            : deleted
              ? t('{0} will be written, {1} deleted', key(written), deleted.toLocaleString('en'))
              : t('{0} will be written with the earlier value, metadata and expiration', key(written)),
        changedCount ? t('{0} left as is, because of later changes', key(changedCount)) : '',
        damaged.length ? t("{0} left as is, because they can't be read", key(damaged.length)) : '',
        expired ? t('{0} left out, expired since', key(expired)) : '',
        unknown ? t('{0} left as is, because the earlier value is not in the history', key(unknown)) : '',
    ].filter(Boolean);
    return [`${counts.join('; ')}.`, format.some(keys, 5, written + deleted)];
}

/** Restore the key, the namespace or everything of a change. */
export function restoreChange(
    parts: Parts,
    question: string,
    request: {
        config: string;
        change: number;
        extent: 'key' | 'namespace' | 'everything';
        after?: boolean;
    },
): Promise<void> {
    const { config } = request;
    return restore(parts, { question, button: t('Restore'), config }, (how) =>
        parts.server.ask('kvlens.historyRestore', { ...request, ...how }));
}
