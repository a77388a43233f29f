/** Delete every key in a namespace, after confirmation. */

import { nameOf } from '../address';
import { askAgainIfChanged } from '../askAgain';
import { type Contribution, type Parts, type Subject, target, where } from '../command';
import * as format from '../format';
import { warn } from '../messages';
import * as prompts from '../prompts';
import type { ListedKey } from '../protocol';
import { hasHistory, offerUndo } from '../undo';

export const contribution: Contribution = {
    title: 'Clear Namespace…',
    about: 'Delete every key in a namespace, after confirmation',
    menus: {
        'kvlens.namespace': [{ group: '4_danger@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '4_danger@1' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '4_danger@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Clear Namespace');
    const name = nameOf(space);
    const { deleted, kept = [], action } = await askAgainIfChanged(async (again) => {
        const counting = { ...space, dryRun: true };
        const { keys = 0, digest, kept = [] } = await parts.server.ask('kvlens.clear', counting);
        if (!keys) {
            throw new prompts.NothingThere(stays(kept) || `${name} has no keys.`);
        }
        const [what, them] = keys === 1 ? ['1 key', 'it'] : [`all ${format.count(keys, 'key')}`, 'them'];
        const place = where(parts, space);
        const way = hasHistory() ? '' : ` To keep ${them}, export the namespace first.`;
        const detail = `This deletes ${what} in ${place}.${way}`;
        const lines = kept.length ? [detail, stays(kept)] : [detail];
        await prompts.confirm(`Clear ${name}?`, [...lines, ...again], 'Clear');
        const expected = again.length ? undefined : digest;
        return parts.server.ask('kvlens.clear', { ...space, expected });
    });
    const done = `Deleted ${format.count(deleted, 'key')} from ${nameOf(space)}`;
    if (kept.length) {
        void warn(`${done}. ${stays(kept)}`);
    } else {
        void offerUndo(parts.server, `${done}.`, [{ config: space.config, action }]);
    }
}

/** Say which damaged keys stay, and why. */
function stays(kept: ListedKey[]): string {
    const [first] = kept;
    const count = format.count(kept.length, 'damaged key');
    return first ? `${count} ${kept.length === 1 ? 'stays' : 'stay'}: ${first.damaged}` : '';
}
