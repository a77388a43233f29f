/** Move the keys of an undeclared namespace to a namespace of the config. */

import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, type Subject, where } from '../command';
import * as format from '../format';
import { brief } from '../messages';
import * as prompts from '../prompts';

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
        : await prompts.unclaimed(parts.model, 'Move Keys to Namespace');
    const from = id;
    const what = format.count(keys, 'key');
    const space = await prompts.namespaceOf([project], `Move ${what} of ${from}`);
    const request = { ...space, from };
    const detail = `From "${from}" to ${nameOf(space)} in ${where(parts, space)}.`;
    await prompts.confirm(`Move ${what} to ${nameOf(space)}?`, detail, 'Move');
    let done = await parts.server.ask('kvlens.moveKeys', request);
    for (let again: string[] = []; done.digest; again = CHANGED) {
        const { conflicts, keys, digest } = done;
        const detail = `${format.some(keys, 5, conflicts)}. Nothing has been moved yet.`;
        const rest = 'Move the Others';
        const existing = await prompts.existing(space, [detail, ...again], conflicts, rest);
        const answer = { ...request, existing, expected: digest };
        done = await parts.server.ask('kvlens.moveKeys', answer);
    }
    const moved = format.count(done.moved, 'key');
    brief(`Moved ${moved} to ${nameOf(space)}`);
}
