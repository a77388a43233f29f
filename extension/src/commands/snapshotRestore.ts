/** Restore a snapshot, after confirmation if keys would be lost. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import * as format from '../format';
import { storeOf } from '../model';
import { pickProject } from '../pickNamespace';
import * as prompts from '../prompts';
import type { Project, Restored, SnapshotInfo, SnapshotRestoreResult } from '../protocol';
import { offerUndo } from '../undo';

const { t } = vscode.l10n;

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
    const title = t('Restore Snapshot');
    const one = projectOf(node) ?? (await pickProject(parts.model, title));
    const present = await parts.server.ask('kvlens.snapshotList', { config: one.config });
    const name = await pickSnapshot(present, title);
    const request = { config: one.config, name };
    let done = await parts.server.ask('kvlens.snapshotRestore', request);
    for (let again: string[] = []; !done.restored; again = CHANGED) {
        const lines = [...whatRestoreDoes(one, done), ...again];
        await prompts.confirm(t('Restore the snapshot "{0}"?', name), lines, t('Restore'));
        const agreed = { ...request, force: true, expected: done.digest };
        done = await parts.server.ask('kvlens.snapshotRestore', agreed);
    }
    const written = format.count(done.written, 'key');
    const text = t('Restored "{0}": {1} written, {2} deleted.', name, written, done.deleted);
    void offerUndo(parts.server, text, [{ config: one.config, action: done.action }]);
}

/** Ask for one of the snapshots, newest first. */
function pickSnapshot(present: SnapshotInfo[], title: string): Promise<string> {
    if (!present.length) {
        throw new prompts.NothingThere(t('There are no snapshots yet; "KV Lens: Save Snapshot…" creates one.'));
    }
    const choices = present.slice().reverse().map((one) => ({
        label: one.name,
        description: `${format.count(one.keys, 'key')}, ${format.size(one.size)}`,
        detail: format.moment(one.created),
        value: one.name,
    }));
    return prompts.choose(choices, title, t('Which snapshot?'));
}

/** Say how many keys a restore would change, in total and in each namespace. */
function whatRestoreDoes(project: Project, done: SnapshotRestoreResult): string[] {
    const { written, overwritten, deleted } = done;
    const keys = (n: number): string => format.count(n, 'key');
    const all = [
        overwritten &&
            t('{0} with another value, metadata or expiration now would be overwritten', keys(overwritten)),
        deleted && t('{0} that the snapshot does not have would be deleted', keys(deleted)),
        written > overwritten &&
            t('{0} that were deleted since would be written back', keys(written - overwritten)),
    ];
    const each = done.namespaces.flatMap((space) => {
        const name = nameOf({ config: project.config, ...space });
        const parts = changesOf(space);
        return parts.length ? [`${name}: ${parts.join(', ')}`] : [];
    });
    const summary = all.filter(Boolean).join('; ');
    return [t('In {0}, {1}: {2}.', project.label, storeOf(project), summary), ...each];
}

function changesOf({ written, overwritten, deleted }: Restored): string[] {
    const shown = (n: number): string => n.toLocaleString('en');
    return [
        overwritten ? t('{0} overwritten', shown(overwritten)) : '',
        deleted ? t('{0} deleted', shown(deleted)) : '',
        written > overwritten ? t('{0} written back', shown(written - overwritten)) : '',
    ].filter(Boolean);
}
