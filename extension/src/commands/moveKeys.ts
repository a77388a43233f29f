/** Move the keys of an undeclared namespace to a namespace of the config. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, type Subject, where } from '../command';
import * as format from '../format';
import { brief } from '../messages';
import * as prompts from '../prompts';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Move Keys to Namespace…',
    about: 'Move the keys of a namespace that no config declares; in the menu of its row',
    icon: '$(arrow-swap)',
    menus: {
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: 'inline@1' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '1_keys@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const given = node?.kind === 'namespace' && node.namespace.unclaimed;
    const { project, id, keys } = given
        ? { project: node.project, id: node.namespace.id, keys: node.namespace.keys ?? 0 }
        : await prompts.unclaimed(parts.model, t('Move Keys to Namespace'));
    const from = id;
    const what = format.count(keys, 'key');
    const space = await prompts.namespaceOf([project], t('Move {0} of {1}', what, from));
    const request = { ...space, from };
    const detail = t('From "{0}" to {1} in {2}.', from, nameOf(space), where(parts, space));
    await prompts.confirm(t('Move {0} to {1}?', what, nameOf(space)), detail, t('Move'));
    let done = await parts.server.ask('kvlens.moveKeys', request);
    for (let again: string[] = []; done.digest; again = CHANGED) {
        const { conflicts, keys, digest } = done;
        const detail = t('{0}. Nothing has been moved yet.', format.some(keys, 5, conflicts));
        const rest = t('Move the Others');
        const existing = await prompts.existing(space, [detail, ...again], conflicts, rest);
        const answer = { ...request, existing, expected: digest };
        done = await parts.server.ask('kvlens.moveKeys', answer);
    }
    const moved = format.count(done.moved, 'key');
    brief(t('Moved {0} to {1}', moved, nameOf(space)));
}
