/** Seed a namespace from a file, after confirmation if keys would be overwritten. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, type Subject, target, where } from '../command';
import * as format from '../format';
import { warn } from '../messages';
import * as prompts from '../prompts';
import { pickSeedFile } from '../seedFiles';
import { offerUndo } from '../undo';

export const contribution: Contribution = {
    title: 'Seed Namespace from File…',
    about: 'Write the keys in a JSON file; all are checked before the first is written',
    icon: '$(cloud-upload)',
    menus: {
        'kvlens.namespace': [{ group: '2_files@1' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: 'inline@2' },
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '2_files@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Seed Namespace from File');
    const named = node && node.kind === undefined ? node.file : undefined;
    const file = named ?? (await pickSeedFile(parts.server, space));
    if (!file) {
        return;
    }
    await saveFirst(file);
    const request = { ...space, file };
    let answer = await parts.server.ask('kvlens.seed', { ...request, existing: 'refuse' });
    for (let again: string[] = []; answer.conflicts; again = CHANGED) {
        const { conflicts, keys = [], digest } = answer;
        const detail =
            `${format.some(keys, 5, conflicts)} in ${where(parts, space)}. "Keep" writes only the ` +
            'other keys of the file.';
        const existing = await prompts.existing(space, [detail, ...again], conflicts, 'Keep');
        answer = await parts.server.ask('kvlens.seed', { ...request, existing, expected: digest });
    }
    const { written, overwritten, warnings = [] } = answer;
    const others = overwritten ? `, ${overwritten.toLocaleString('en')} of them over another value` : '';
    const done = `Seeded ${format.count(written, 'key')} into ${nameOf(space)}${others}.`;
    if (!warnings.length) {
        void offerUndo(parts.server, done, [{ config: space.config, action: answer.action }]);
        return;
    }
    warnings.forEach((warning) => parts.server.log.warn(warning));
    const more = warnings.length > 1 ? ` (and ${warnings.length - 1} more in the log)` : '';
    const text = `${done} ${warnings[0]}${more}`;
    if ((await warn(text, 'Show Log')) === 'Show Log') {
        parts.server.log.show();
    }
}

/** Save a file with unsaved changes, after confirmation: what is on disk is what is written. */
async function saveFirst(file: string): Promise<void> {
    const uri = vscode.Uri.parse(file).toString();
    const open = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri);
    if (!open?.isDirty) {
        return;
    }
    const name = path.basename(open.fileName);
    await prompts.confirm(`${name} has unsaved changes.`, ['Save it to seed what it has now.'], 'Save and Seed');
    if (!(await open.save())) {
        throw new prompts.NothingThere(`${name} wasn't saved, so nothing was seeded.`);
    }
}
