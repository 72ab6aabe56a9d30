import { Button, Checkbox, Input, LoadingButton, Select } from '@hubspot/ui-extensions';
import {
  account,
  candidate,
  fakeServer,
  linkField,
  linkForm,
  linking,
  refused,
  type Replies,
} from '@lumo/screens/testing';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

const serve = (more: Replies = {}) =>
  fakeServer({
    'GET /accounts': { items: [account()], next: null },
    'GET /accounts/{slot}/linking': linking(),
    'GET /lists': { items: [], next: null },
    'GET /failures': { items: [], next: null },
    'GET /linking-form': linkForm(),
    'GET /properties': {
      items: [
        candidate(),
        candidate({ name: 'phone', label: 'Phone', fieldType: 'phonenumber' }),
        candidate({ name: 'size', label: 'Size', type: 'enumeration', fieldType: 'select' }),
        candidate({ name: 'email', label: 'Email' }),
        candidate({ name: 'born', label: 'Born', type: 'date', fieldType: 'date' }),
        candidate({ name: 'made', label: 'Made', fit: 'one_way' }),
      ],
      next: null,
    },
    ...more,
  });

type Page = ReturnType<typeof open>;
const property = (page: Page) => page.findAll(Select).find(({ props }) => props.name === 'form-property');
const input = (page: Page, name: string) => page.findAll(Input).find(({ props }) => props.name === name);

describe('the questions of the linking form', () => {
  it('offers texts and choices that may be written, asks as the property fits, and keeps it', async () => {
    const server = serve({ 'PUT /linking-form': linkForm() });
    const page = open('/linkage');
    await page.sees('The form asks for the e-mail address only.');
    await page.r.waitFor(() => {
      if (!property(page)) throw new Error('not loaded');
    });
    expect(property(page)?.props.options?.map(({ value }) => value)).toEqual(['jobtitle', 'phone', 'size']);
    expect(page.findByTestId(LoadingButton, 'form-save').props.disabled).toBe(true);
    for (const name of ['phone', 'size']) {
      property(page)?.trigger('onChange', name as never);
      page.findByTestId(Button, 'form-add').trigger('onClick');
    }
    expect(property(page)?.props.options?.map(({ value }) => value)).toEqual(['jobtitle']);
    input(page, 'form-0-label-ja')?.trigger('onInput', '電話番号' as never);
    page.findByTestId(Checkbox, 'form-0-required').trigger('onChange', true as never);
    page.findByTestId(LoadingButton, 'form-save').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['success: The linking form asks for this from now on.']));
    expect(server.of('PUT /linking-form')[0]?.body).toMatchObject({
      fields: [
        { property: 'phone', type: 'phone', labelEn: 'Phone', labelJa: '電話番号', required: true },
        { property: 'size', type: 'choice', labelEn: 'Size', labelJa: 'Size', required: false },
      ],
    });
  });

  it('changes and removes what is asked, and wants a text for each', async () => {
    const server = serve({
      'GET /linking-form': linkForm(linkField(), linkField({ property: 'size', type: 'choice', labelEn: 'Size' })),
      'PUT /linking-form': refused('NO_SUCH_PROPERTY'),
    });
    const page = open('/linkage');
    await page.sees('English question for city');
    await page.r.waitFor(() => page.findByTestId(Button, 'form-0-remove'));
    for (const name of ['form-0-label-en', 'form-0-label-ja']) input(page, name)?.trigger('onInput', ' ' as never);
    await page.sees('Each question needs a text');
    expect(page.findByTestId(LoadingButton, 'form-save').props.disabled).toBe(true);
    page.findByTestId(Button, 'form-0-remove').trigger('onClick');
    page.findByTestId(LoadingButton, 'form-save').trigger('onClick');
    await page.sees('HubSpot');
    await vi.waitFor(() => expect(server.of('PUT /linking-form')).toHaveLength(1));
    expect(server.of('PUT /linking-form')[0]?.body).toMatchObject({ fields: [{ property: 'size', type: 'choice' }] });
  });

  it('is full at ten, and in Japanese', async () => {
    const many = Array.from({ length: 10 }, (_, n) => linkField({ property: `p${n}` }));
    serve({ 'GET /linking-form': linkForm(...many) });
    await open('/linkage', { language: 'ja' }).sees('質問は10件までです。');
  });
});
