/** Move keys that are stored under a name that no config has to a namespace of the config. */

import { nameOf } from '../address';
import { type Contribution, type Parts, type Subject, where } from '../command';
import * as format from '../format';
import { brief } from '../messages';
import * as prompts from '../prompts';

export const contribution: Contribution = {
    title: 'Move Keys to Namespace…',
    about: 'Move keys that are under a name that no config has; in the menu of their row',
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
    if (done.conflicts) {
        const detail = `${format.some(done.keys, 5, done.conflicts)}. Nothing has been moved yet.`;
        const rest = 'Move the Others';
        const existing = await prompts.existing(space, [detail], done.conflicts, rest);
        done = await parts.server.ask('kvlens.moveKeys', { ...request, existing });
    }
    const moved = format.count(done.moved, 'key');
    brief(`Moved ${moved} to ${nameOf(space)}`);
}
