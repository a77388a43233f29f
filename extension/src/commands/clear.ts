/** Delete every key in a namespace, after confirmation. */

import { nameOf } from '../address';
import { askAgainIfChanged } from '../askAgain';
import { type Contribution, type Parts, type Subject, target, where } from '../command';
import * as format from '../format';
import { brief } from '../messages';
import * as prompts from '../prompts';

export const contribution: Contribution = {
    title: 'Clear Namespace…',
    about: 'Delete every key in a namespace, after confirmation',
    menus: {
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '4_danger@1' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '4_danger@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Clear Namespace');
    const name = nameOf(space);
    const deleted = await askAgainIfChanged(async (again) => {
        const counting = { ...space, dryRun: true };
        const { keys = 0, digest } = await parts.server.ask('kvlens.clear', counting);
        if (!keys) {
            throw new prompts.NothingThere(`${name} has no keys.`);
        }
        const [what, them] = keys === 1 ? ['1 key', 'it'] : [`all ${format.count(keys, 'key')}`, 'them'];
        const place = where(parts, space);
        const detail = `This deletes ${what} in ${place}. To keep ${them}, export the namespace first.`;
        await prompts.confirm(`Clear ${name}?`, [detail, ...again], 'Clear');
        const expected = again.length ? undefined : digest;
        return (await parts.server.ask('kvlens.clear', { ...space, expected })).deleted;
    });
    const count = format.count(deleted, 'key');
    brief(`Deleted ${count} from ${nameOf(space)}`);
}
