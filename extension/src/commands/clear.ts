/** Delete every key in a namespace, after confirmation. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import { askAgainIfChanged } from '../askAgain';
import { type Contribution, type Parts, type Subject, target, where } from '../command';
import * as format from '../format';
import { warn } from '../messages';
import * as prompts from '../prompts';
import type { ListedKey } from '../protocol';
import { hasHistory, offerUndo, whyTooLarge } from '../undo';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Clear Namespace…',
    about: 'Delete every key in a namespace, after confirmation',
    menus: {
        'kvlens.namespace': [{ group: '4_danger@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '9_danger@1' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '9_danger@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Clear Namespace'));
    const name = nameOf(space);
    const { deleted, kept = [], action } = await askAgainIfChanged(async (again) => {
        const counting = { ...space, dryRun: true };
        const seen = await parts.server.ask('kvlens.clear', counting);
        const { keys = 0, digest, kept = [], tooLarge } = seen;
        if (!keys) {
            throw new prompts.NothingThere(stays(kept) || t('{0} has no keys.', name));
        }
        const place = where(parts, space);
        const [detail, way] =
            keys === 1
                ? [t('This deletes 1 key in {0}.', place), t('To keep it, export the namespace first.')]
                : [
                      t('This deletes all {0} in {1}.', format.count(keys, 'key'), place),
                      t('To keep them, export the namespace first.'),
                  ];
        const lines = [hasHistory() && !tooLarge ? detail : `${detail} ${way}`];
        lines.push(...(tooLarge ? [whyTooLarge(tooLarge)] : []), ...(kept.length ? [stays(kept)] : []));
        await prompts.confirm(t('Clear {0}?', name), [...lines, ...again], t('Clear'));
        const expected = again.length ? undefined : digest;
        return parts.server.ask('kvlens.clear', { ...space, expected });
    });
    const done = t('Deleted {0} from {1}.', format.count(deleted, 'key'), nameOf(space));
    if (kept.length) {
        void warn(`${done} ${stays(kept)}`);
    } else {
        void offerUndo(parts.server, done, [{ config: space.config, action }]);
    }
}

/** Say which damaged keys stay, and why. */
function stays(kept: ListedKey[]): string {
    const why = kept[0]?.damaged;
    if (why === undefined) {
        return '';
    }
    return kept.length === 1
        ? t('1 damaged key stays: {0}', why)
        : t('{0} damaged keys stay: {1}', kept.length.toLocaleString('en'), why);
}
