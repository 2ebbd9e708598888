/* A battery of TestU01 (L'Ecuyer and Simard 2007) on the 32-bit words of standard input.
 *
 *   gcc -O2 testu01.c -o testu01 -I/usr/include/testu01 -ltestu01 -ltestu01probdist -ltestu01mylib -lm
 *   npx tsx test/verify/words.ts philox 0 | ./testu01 small philox
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bbattery.h>
#include <swrite.h>
#include <unif01.h>

static unsigned int buffer[16384];
static size_t at, filled;
static unsigned long used;

static unsigned int word(void) {
  if (at == filled) {
    filled = fread(buffer, 4, 16384, stdin);
    at = 0;
    if (filled == 0) {
      fprintf(stderr, "the words ended\n");
      exit(2);
    }
  }
  used++;
  return buffer[at++];
}

int main(int count, char **words) {
  if (count < 3) return fprintf(stderr, "testu01 small|crush|big name\n"), 2;
  swrite_Basic = FALSE;
  unif01_Gen *generator = unif01_CreateExternGenBits(words[2], word);
  if (strcmp(words[1], "small") == 0) bbattery_SmallCrush(generator);
  else if (strcmp(words[1], "crush") == 0) bbattery_Crush(generator);
  else bbattery_BigCrush(generator);
  int suspect = 0;
  double least = 1, most = 0;
  for (int i = 0; i < bbattery_NTests; i++) {
    double p = bbattery_pVal[i];
    if (p < 0) continue;
    if (p < least) least = p;
    if (p > most) most = p;
    if (p < 1e-6 || p > 1 - 1e-6) suspect++;
  }
  printf("RESULT %d %d %g %g %lu\n", bbattery_NTests, suspect, least, 1 - most, used);
  return suspect > 0;
}
