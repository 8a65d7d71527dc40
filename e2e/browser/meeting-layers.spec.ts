// Everybody sends a camera in three sizes; what arrives is no larger than what is shown.
import { joinsMeeting, meet, pixelsOf } from '../harness/meeting.ts';
import type { Person } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

test.use({ settings: { 'rooms.topology': 'sfu' } });

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { viewport: { width: 760, height: 560 } };
/** The smallest of the three sizes of a camera of 1280 × 720. */
const SMALL_LAYER_PX = 320;

async function makesLarge(person: Person, name: string): Promise<void> {
  await person.page.getByRole('article', { name, exact: true }).dblclick();
  await expect(person.page.locator('.large-face')).toContainText(name);
}

test('a small tile receives the small layer and the large one a large layer, by their pixels', async ({ arrives, link }) => {
  const [ana, bo, cy] = [await arrives('Ana', SMALL), await arrives('Bo', SMALL), await arrives('Cy', SMALL)];
  for (const person of [ana, bo, cy]) await joinsMeeting(person, link);
  await meet([ana, bo, cy]);
  for (const [large, small] of [['Cy', 'Ana'], ['Ana', 'Cy']] as const) {
    await makesLarge(bo, large);
    const isSmall = async () => {
      const width = await pixelsOf(bo, small);
      return width > 0 && width <= SMALL_LAYER_PX;
    };
    await expect.poll(isSmall, { message: `${small}’s picture is there and small` }).toBe(true);
    await expect.poll(() => pixelsOf(bo, large), { message: `the width of ${large}’s large picture` }).toBeGreaterThanOrEqual(2 * SMALL_LAYER_PX);
  }
});
