/** Restore a snapshot, after confirmation if keys would be lost. */

import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import * as format from '../format';
import { storeOf } from '../model';
import * as prompts from '../prompts';
import type { Project, Restored, SnapshotRestoreResult } from '../protocol';
import { offerUndo } from '../undo';

export const contribution: Contribution = {
    title: 'Restore Snapshot…',
    about: 'Restore a snapshot; asks before it deletes or overwrites keys',
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.view == ready', group: '0_snapshot@2' },
        ],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '1_worker@3' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const title = 'Restore Snapshot';
    const one = projectOf(node) ?? (await prompts.project(parts.model, title));
    const present = await parts.server.ask('kvlens.snapshotList', { config: one.config });
    const name = await prompts.snapshot(present, title);
    const request = { config: one.config, name };
    let done = await parts.server.ask('kvlens.snapshotRestore', request);
    for (let again: string[] = []; !done.restored; again = CHANGED) {
        const lines = [...whatRestoreDoes(one, done), ...again];
        await prompts.confirm(`Restore the snapshot "${name}"?`, lines, 'Restore');
        const agreed = { ...request, force: true, expected: done.digest };
        done = await parts.server.ask('kvlens.snapshotRestore', agreed);
    }
    const counts = `${format.count(done.written, 'key')} written, ${done.deleted} deleted`;
    const text = `Restored "${name}": ${counts}.`;
    void offerUndo(parts.server, text, [{ config: one.config, action: done.action }]);
}

/** Say how many keys a restore would change, in total and in each namespace. */
function whatRestoreDoes(project: Project, done: SnapshotRestoreResult): string[] {
    const counted = ({ written, overwritten, deleted }: Restored): [string, string, number][] => [
        ['overwritten', 'with another value, metadata or expiration now', overwritten],
        ['deleted', 'that the snapshot does not have', deleted],
        ['written back', 'that were deleted since', written - overwritten],
    ];
    const all = counted(done)
        .filter(([, , count]) => count)
        .map(([what, which, count]) => `${format.count(count, 'key')} ${which} would be ${what}`);
    const each = done.namespaces.flatMap((space) => {
        const parts = counted(space)
            .filter(([, , count]) => count)
            .map(([what, , count]) => `${count.toLocaleString('en')} ${what}`);
        const name = nameOf({ config: project.config, ...space });
        return parts.length ? [`${name}: ${parts.join(', ')}`] : [];
    });
    return [`In ${project.label}, ${storeOf(project)}: ${all.join('; ')}.`, ...each];
}
