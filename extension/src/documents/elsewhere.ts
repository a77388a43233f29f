/**
 * Values whose place has changed since they were read: another store, another id, moved,
 * deleted, or not in any config now. A save asks once, and says where the value would go.
 */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { nameOf, type Place, uriOf } from '../address';
import { mayBeHidden } from '../clockStatus';
import { bodyOf } from '../contents';
import * as format from '../format';
import { dialog, fault } from '../messages';
import { type NamespaceRef, reference, whereIs } from '../model';
import type { Commands, Project } from '../protocol';
import type { Server } from '../server';
import { peek } from '../values';
import type { Origin } from './origin';

const { t } = vscode.l10n;

/** The new place of a value that was saved elsewhere. */
export interface Saved extends Origin {
    uri: vscode.Uri;
}

/** The arguments of a put. */
export type Write = Commands['kvlens.put'][0];

interface Proposal {
    question: string;
    project?: Project;
    to?: NamespaceRef;
}

/** Ask where to save a value that can't be saved where it was read, and save it there. */
export async function saveElsewhere(
    server: Server,
    place: Place,
    origin: Origin,
    content: Uint8Array,
    put: (write: Write) => Promise<void>,
    { byItself, problem }: { byItself?: boolean; problem?: unknown },
): Promise<Saved> {
    const { key } = place;
    const projects = await server.ask('kvlens.namespaces', {});
    const proposal = propose(place, origin, projects);
    const { question, project, to } = proposal ?? (await goneFrom(server, place, projects, problem));
    if (byItself) {
        // A dialog would capture the user's typing.
        throw fault('FileNotFound', t('{0} Use "File: Save" to choose where its text goes.', question));
    }
    if (!to) {
        return { uri: await saveToFile(question, key, content) };
    }
    const there = await peek(server, to, key);
    const gone = !proposal && !there;
    const button = gone ? t('Create "{0}"', key) : t('Save to {0}', nameOf(to));
    const names = [nameOf(to), whereIs(to, project), key];
    const notGone = there
        ? t(
              '{0} in {1} has "{2}" ({3}): its value is replaced, its metadata and expiration are kept.',
              ...names,
              format.size(there.size),
          )
        : t('{0} in {1} doesn\'t have "{2}": it will be created.', ...names);
    const detail = gone
        ? t('It was deleted or has expired, so its metadata and expiration are lost.')
        : notGone;
    const answer = await dialog(question, [detail], button);
    if (answer !== button) {
        throw fault('FileNotFound', t('"{0}" was not saved.', key));
    }
    const store = project?.store;
    await put({
        config: to.config,
        id: to.id,
        key,
        ...bodyOf(content),
        ...(there ? { keep: true, expected: there.digest } : { expected: '' }),
        store,
    });
    const same = to.config === place.config && to.id === place.id;
    const declared = project?.namespaces.some(({ id }) => id === to.id);
    return { uri: uriOf(same ? place : to, key), store, declared };
}

/** Describe what has changed, and where the value would go; undefined if nothing has. */
function propose(place: Place, origin: Origin, projects: Project[]): Proposal | undefined {
    const { config, id, binding, environment, key } = place;
    const { store, declared, movedTo } = origin;
    const name = nameOf(place);
    const project = projects.find((one) => one.config === config);
    if (movedTo) {
        const question = t('"{0}" was moved from {1} to {2}.', key, name, nameOf(movedTo));
        return { question, project, to: movedTo };
    }
    const file = vscode.workspace.asRelativePath(vscode.Uri.parse(config));
    if (!project) {
        const folder = path.posix.dirname(config);
        const now = projects.find((one) => path.posix.dirname(one.config) === folder);
        const space = now?.namespaces.find((one) => one.id === id);
        if (now && space) {
            const question = t(
                '{0} is no longer a config of this workspace, but {1} is.',
                file,
                now.label,
            );
            return { question, project: now, to: reference(now, space) };
        }
        const question = t(
            '{0} is no longer a config of this workspace, so "{1}" can\'t be saved to {2}.',
            file,
            key,
            name,
        );
        return { question };
    }
    const now = project.namespaces.find(
        (one) => one.binding === binding && one.environment === environment,
    );
    if (now && now.id !== id) {
        const question = t(
            'The id of {0} has changed since "{1}" was read: it\'s "{2}", not "{3}".',
            name,
            key,
            now.id,
            id,
        );
        return { question, project, to: reference(project, now) };
    }
    if (declared && !project.namespaces.some((one) => one.id === id)) {
        if (project.unclaimed?.some((one) => one.id === id)) {
            const question = t(
                '{0} no longer declares a KV namespace with the id "{1}", but its keys are still there.',
                file,
                id,
            );
            return { question, project, to: { config, id, binding: id, environment: null } };
        }
        const question = t(
            '{0} no longer declares a KV namespace with the id "{1}", so "{2}" can\'t be saved to {3}.',
            file,
            id,
            key,
            name,
        );
        return { question };
    }
    if (store !== undefined && store !== project.store) {
        const question = t(
            '"{0}" was read from the store "{1}". {2} is now in "{3}".',
            key,
            store,
            name,
            project.store,
        );
        return { question, project, to: place };
    }
    return undefined;
}

/** Report that a key is gone, if nothing else has changed. */
async function goneFrom(
    server: Server,
    place: Place,
    projects: Project[],
    problem: unknown,
): Promise<Proposal> {
    const { config, key } = place;
    if (problem && (await peek(server, place, key))) {
        throw problem;
    }
    const project = projects.find((one) => one.config === config);
    const question = t('"{0}" is no longer in {1}.', key, nameOf(place)) + mayBeHidden(config);
    return { question, project, to: place };
}

/** Offer ways to keep a value that can't be saved in any namespace. */
async function saveToFile(question: string, key: string, content: Uint8Array): Promise<vscode.Uri> {
    const file = t('Save to File…');
    const copy = t('Copy Value');
    const detail = t('Save it to a file on disk, or copy it.');
    const answer = await dialog(question, [detail], file, copy);
    if (answer === copy) {
        await vscode.env.clipboard.writeText(Buffer.from(content).toString('utf8'));
        throw fault(
            'NoPermissions',
            t('"{0}" was not saved. Its value is on the clipboard.', key),
        );
    }
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const name = key.replace(/[^\p{L}\p{N}._-]+/gu, '-');
    const defaultUri = folder && vscode.Uri.joinPath(folder.uri, name);
    const chosen =
        answer === file
            ? await vscode.window.showSaveDialog({ title: t('Save the value of "{0}"', key), defaultUri })
            : undefined;
    if (!chosen) {
        throw fault('FileNotFound', t('"{0}" was not saved.', key));
    }
    await vscode.workspace.fs.writeFile(chosen, content);
    return chosen;
}
